/* markers/public_glance.py: how much of each payload is in the blocks. */

#include "native.h"

enum { FLUSH = 1 << 14, BLOCKS_MOST = 1 << 28, STRIDE_MOST = 1 << 24 };

/* Adds lanes of the blocks where the payload has a 1. */
CLONES static void add_ones(const int32_t *waves, const uint8_t *ones, Py_ssize_t count,
                            int64_t *sums)
{
    int32_t part[LANES] = {0};
    for (Py_ssize_t i = 0; i < count; i++)
        for (int lane = 0; lane < LANES; lane++)
            part[lane] += waves[i * LANES + lane] & -(int32_t)(ones[i] & 1);
    for (int lane = 0; lane < LANES; lane++)
        sums[lane] += part[lane];
}

CLONES static void add_powers(const int32_t *waves, Py_ssize_t count, int64_t *sums)
{
    for (Py_ssize_t i = 0; i < count; i++)
        for (int lane = 0; lane < LANES; lane++)
            sums[lane] += (int64_t)waves[i * LANES + lane] * waves[i * LANES + lane];
}

/* The payload's bits at the next blocks, in runs between which some may be left out. */
static void bits_at(const uint8_t *bits, Py_ssize_t length, Py_ssize_t first, Py_ssize_t count,
                    Py_ssize_t run, Py_ssize_t stride, uint8_t *ones)
{
    for (Py_ssize_t i = 0; i < count;) {
        Py_ssize_t block = first + i, end = (block / run + 1) * run - first;
        Py_ssize_t place = (block / run * stride + block % run) % length;
        for (end = end < count ? end : count; i < end; i++) {
            ones[i] = bits[place];
            place = place + 1 == length ? 0 : place + 1;
        }
    }
}

static int payload_sums(const Py_buffer *waves, const Py_buffer *bits, const Py_buffer *lengths,
                        const Py_buffer *out, Py_ssize_t run, Py_ssize_t stride)
{
    const Py_ssize_t row = LANES * (Py_ssize_t)sizeof(int32_t);
    Py_ssize_t blocks = waves->len / row, all = 0;
    Py_ssize_t payloads = lengths->len / (Py_ssize_t)sizeof(int32_t);
    const int32_t *length = lengths->buf;
    if (run < 1 || stride < run || stride > STRIDE_MOST || blocks > BLOCKS_MOST)
        return refused("run, stride or the number of blocks is out of range");
    for (Py_ssize_t i = 0; i < payloads; all += length[i++])
        if (length[i] < 1)
            return refused("a length is out of range");
    if (waves->len % row || lengths->len % (Py_ssize_t)sizeof(int32_t) || bits->len != all ||
        out->len != (payloads + 1) * LANES * (Py_ssize_t)sizeof(int64_t))
        return refused("the sizes of the buffers do not agree");
    Py_BEGIN_ALLOW_THREADS;
    uint8_t ones[FLUSH]; /* as many blocks as the sum of 32 bits has room for */
    memset(out->buf, 0, (size_t)out->len);
    for (Py_ssize_t first = 0; first < blocks; first += FLUSH) {
        Py_ssize_t count = blocks - first < FLUSH ? blocks - first : FLUSH;
        const int32_t *part = (const int32_t *)waves->buf + first * LANES;
        const uint8_t *payload = bits->buf;
        int64_t *sums = out->buf;
        for (Py_ssize_t i = 0; i < payloads; payload += length[i++], sums += LANES) {
            bits_at(payload, length[i], first, count, run, stride, ones);
            add_ones(part, ones, count, sums);
        }
        add_powers(part, count, sums);
    }
    Py_END_ALLOW_THREADS;
    return 0;
}

PyObject *py_payload_sums(PyObject *self, PyObject *arguments)
{
    Py_buffer waves, bits, lengths, out;
    Py_ssize_t run, stride;
    (void)self;
    if (!PyArg_ParseTuple(arguments, "y*y*y*w*nn", &waves, &bits, &lengths, &out, &run, &stride))
        return NULL;
    int result = payload_sums(&waves, &bits, &lengths, &out, run, stride);
    return finished(result, 4, &waves, &bits, &lengths, &out);
}
