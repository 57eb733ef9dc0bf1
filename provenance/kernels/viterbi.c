/* watermark/coding/convolutional.py: the most likely block of a tail-biting code. */

#include "native.h"

enum { STATES = 4096, PAIRS = STATES / 2, OUTPUTS = 16, STEPS_MOST = 1 << 16 };

/* What each branch from an even state gains; `sign` is 1 into states for 0, and -1 for 1. */
static void gains(const float *metric, const uint8_t *branches, float sign, float *out)
{
    float signed_metric[OUTPUTS];
    for (int output = 0; output < OUTPUTS; output++)
        signed_metric[output] = sign * metric[output];
    for (int pair = 0; pair < PAIRS; pair++)
        out[pair] = signed_metric[branches[pair]];
}

/* The better branch into each state for one bit; what the even one gains the odd one loses. */
CLONES static void survive(const float *restrict before, const float *restrict gain,
                           float *restrict after, uint8_t *restrict survivors)
{
    for (int pair = 0; pair < PAIRS; pair++) {
        float even = before[2 * pair] + gain[pair], odd = before[2 * pair + 1] - gain[pair];
        survivors[pair] = odd > even;
        after[pair] = odd > even ? odd : even;
    }
}

/* The best last state. The rows of `metrics`, and what is known, go round from `first` on;
 * `survivors` has a row of STATES for each of `steps`.
 */
static int forward(const float *metrics, const int8_t *known, const uint8_t *branches,
                   Py_ssize_t length, Py_ssize_t first, Py_ssize_t steps, uint8_t *survivors)
{
    float scores[2][STATES] = {{0}}, gain[PAIRS];
    for (Py_ssize_t step = 0; step < steps; step++) {
        const Py_ssize_t index = (first + step) % length;
        const float *before = scores[step % 2];
        float *after = scores[(step + 1) % 2];
        for (int bit = 0; bit < 2; bit++) {
            float *reached = after + bit * PAIRS;
            if (known[index] == 1 - bit) {
                for (int pair = 0; pair < PAIRS; pair++)
                    reached[pair] = -Py_HUGE_VAL;
                continue;
            }
            gains(metrics + index * OUTPUTS, branches, bit ? -1 : 1, gain);
            survive(before, gain, reached, survivors + step * STATES + bit * PAIRS);
        }
    }
    const float *last = scores[steps % 2];
    int best = 0;
    for (int state = 1; state < STATES; state++)
        if (last[state] > last[best])
            best = state;
    return best;
}

static void trace_back(const uint8_t *survivors, Py_ssize_t steps, Py_ssize_t overlap, int state,
                       uint8_t *out)
{
    for (Py_ssize_t step = steps - 1; step >= overlap; step--) {
        if (step < steps - overlap)
            out[step - overlap] = (uint8_t)(state / PAIRS);
        state = 2 * (state % PAIRS) + survivors[step * STATES + state];
    }
}

static int viterbi(const Py_buffer *metrics, const Py_buffer *known, const Py_buffer *branches,
                   const Py_buffer *out, Py_ssize_t overlap)
{
    const Py_ssize_t length = known->len;
    if (length < 1 || overlap < 0 || length > STEPS_MOST || overlap > STEPS_MOST)
        return refused("length or overlap is out of range");
    if (metrics->len / (Py_ssize_t)sizeof(float) / OUTPUTS != length ||
        metrics->len % (OUTPUTS * (Py_ssize_t)sizeof(float)) || branches->len != PAIRS ||
        out->len != length)
        return refused("the sizes of the buffers do not agree");
    const int8_t *bits = known->buf;
    for (Py_ssize_t index = 0; index < length; index++)
        if (bits[index] < -1 || bits[index] > 1)
            return refused("what is known is out of range");
    for (int pair = 0; pair < PAIRS; pair++)
        if (((const uint8_t *)branches->buf)[pair] >= OUTPUTS)
            return refused("a branch is out of range");
    const Py_ssize_t steps = length + 2 * overlap;
    /* Zeros: where a bit is known, no branch into the other states survives. */
    uint8_t *survivors = calloc((size_t)steps, STATES);
    if (survivors == NULL)
        return no_memory();
    Py_BEGIN_ALLOW_THREADS;
    const Py_ssize_t first = (length - overlap % length) % length;
    int best = forward(metrics->buf, bits, branches->buf, length, first, steps, survivors);
    trace_back(survivors, steps, overlap, best, out->buf);
    Py_END_ALLOW_THREADS;
    free(survivors);
    return 0;
}

PyObject *py_viterbi(PyObject *self, PyObject *arguments)
{
    Py_buffer metrics, known, branches, out;
    Py_ssize_t overlap;
    (void)self;
    if (!PyArg_ParseTuple(arguments, "y*y*y*w*n", &metrics, &known, &branches, &out, &overlap))
        return NULL;
    int result = viterbi(&metrics, &known, &branches, &out, overlap);
    return finished(result, 4, &metrics, &known, &branches, &out);
}
