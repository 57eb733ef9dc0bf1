/* imaging/quality.py: the sum of structural similarity over two pictures. */

#include "native.h"

enum { TAPS = 11, RADIUS = TAPS / 2, MAPS = 4 };

typedef struct {
    const uint8_t *first, *second;
    const int32_t *weights;
    Py_ssize_t height, width;
    double c1, c2;
} Work;

/* Luma x and y of a row of both pictures: x, y, x^2 + y^2 and x y, map by map. */
CLONES static void mapped(const uint8_t *first, const uint8_t *second, Py_ssize_t width,
                          int32_t *restrict out)
{
    for (Py_ssize_t i = 0; i < width; i++) {
        int32_t x = grey(first + 3 * i), y = grey(second + 3 * i);
        out[i] = x;
        out[width + i] = y;
        out[2 * width + i] = x * x + y * y;
        out[3 * width + i] = x * y;
    }
}

CLONES static void down(const int32_t *const *rows, const int32_t *weights, Py_ssize_t length,
                        int32_t *restrict out)
{
    for (Py_ssize_t i = 0; i < length; i++) {
        int32_t sum = rows[0][i] * weights[0];
        for (int tap = 1; tap < TAPS; tap++)
            sum += rows[tap][i] * weights[tap];
        out[i] = sum;
    }
}

/* Whole numbers and parts of 2^26 in double precision: the order of the sums does not matter. */
INLINE double along(const double *padded, const double *weights)
{
    double sum = padded[RADIUS] * weights[RADIUS];
    for (int tap = 0; tap < RADIUS; tap++) {
        double both = padded[tap] + padded[TAPS - 1 - tap];
        both = both * weights[tap];
        sum = sum + both;
    }
    return sum;
}

/* The sum of a row, in 2^-30, from the weighted sums of its columns with RADIUS more at both ends. */
CLONES static int64_t similar(const double *padded, const double *weights, Py_ssize_t width,
                              double c1, double c2)
{
    /* 1.5 * 2^52, whose bits are 0x4338000000000000, leaves no place for what is no whole number. */
    const double large = 6755399441055744.0;
    const Py_ssize_t pitch = width + 2 * RADIUS;
    int64_t total = 0;
    for (Py_ssize_t i = 0; i < width; i++) {
        double x = along(padded + i, weights);
        double y = along(padded + pitch + i, weights);
        double squares = along(padded + 2 * pitch + i, weights);
        double product = along(padded + 3 * pitch + i, weights);
        double means = x * y;
        x = x * x;
        y = y * y;
        double power = x + y;
        squares = squares - power;
        product = product - means;
        means = means * 2.0;
        means = means + c1;
        product = product * 2.0;
        product = product + c2;
        power = power + c1;
        squares = squares + c2;
        means = means * product;
        power = power * squares;
        double value = means / power;
        value = value * 1073741824.0;
        value = value + large;
        int64_t bits;
        memcpy(&bits, &value, sizeof bits);
        total += bits - 0x4338000000000000;
    }
    return total;
}

CLONES static void padded_row(const int32_t *sums, Py_ssize_t width, double *out)
{
    for (Py_ssize_t i = 0; i < width; i++)
        out[RADIUS + i] = sums[i];
    for (Py_ssize_t i = 1; i <= RADIUS; i++) {
        out[RADIUS - i] = sums[mirrored(-i, width)];
        out[RADIUS + width - 1 + i] = sums[mirrored(width - 1 + i, width)];
    }
}

/* The last rows that were mapped stay, each in the place of its number modulo TAPS. */
static int64_t similarity(const Work *work, double *padded, int32_t *maps)
{
    const Py_ssize_t width = work->width, length = MAPS * width;
    int32_t *sums = maps + TAPS * length;
    Py_ssize_t held[TAPS];
    double weights[TAPS];
    int64_t total = 0;
    for (int tap = 0; tap < TAPS; tap++) {
        held[tap] = -1;
        weights[tap] = work->weights[tap] / 67108864.0; /* both ways, in 2^-13 each */
    }
    for (Py_ssize_t y = 0; y < work->height; y++) {
        const int32_t *rows[TAPS];
        for (int tap = 0; tap < TAPS; tap++) {
            Py_ssize_t row = mirrored(y + tap - RADIUS, work->height);
            int32_t *place = maps + row % TAPS * length;
            if (held[row % TAPS] != row)
                mapped(work->first + 3 * row * width, work->second + 3 * row * width, width, place);
            held[row % TAPS] = row;
            rows[tap] = place;
        }
        down(rows, work->weights, length, sums);
        for (int map = 0; map < MAPS; map++)
            padded_row(sums + map * width, width, padded + map * (width + 2 * RADIUS));
        total += similar(padded, weights, width, work->c1, work->c2);
    }
    return total;
}

static int structural_similarity(const Py_buffer *first, const Py_buffer *second,
                                 const Py_buffer *weights, const Py_buffer *out, Work *work)
{
    const Py_ssize_t height = work->height, width = work->width;
    if (height < 1 || width < 1 || width > (1 << 22) || width > INT_MAX / 3 / height)
        return refused("height or width is out of range");
    if (first->len != 3 * height * width || second->len != first->len ||
        weights->len != TAPS * (Py_ssize_t)sizeof(int32_t) || out->len != sizeof(int64_t))
        return refused("the sizes of the buffers do not agree");
    work->first = first->buf;
    work->second = second->buf;
    work->weights = weights->buf;
    int32_t sum = 0;
    for (int tap = 0; tap < TAPS; tap++) {
        if (work->weights[tap] < 0 || work->weights[tap] > 8192 ||
            work->weights[tap] != work->weights[TAPS - 1 - tap])
            return refused("a weight is out of range");
        sum += work->weights[tap];
    }
    if (sum != 8192)
        return refused("the weights do not agree");
    double *padded = malloc(MAPS * (width + 2 * RADIUS) * sizeof(double) +
                            (TAPS + 1) * MAPS * width * sizeof(int32_t));
    if (padded == NULL)
        return no_memory();
    int64_t total;
    Py_BEGIN_ALLOW_THREADS;
    total = similarity(work, padded, (int32_t *)(padded + MAPS * (width + 2 * RADIUS)));
    Py_END_ALLOW_THREADS;
    memcpy(out->buf, &total, sizeof total);
    free(padded);
    return 0;
}

PyObject *py_structural_similarity(PyObject *self, PyObject *arguments)
{
    Py_buffer first, second, weights, out;
    Work work;
    (void)self;
    if (!PyArg_ParseTuple(arguments, "y*y*y*w*nndd", &first, &second, &weights, &out, &work.height,
                          &work.width, &work.c1, &work.c2))
        return NULL;
    int result = structural_similarity(&first, &second, &weights, &out, &work);
    return finished(result, 4, &first, &second, &weights, &out);
}
