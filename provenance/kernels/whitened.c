/* watermark/reading/filter.py: limited differences to the neighbours at distance 2, over the square
 * root of their local power. */

#include "native.h"
#include <math.h>

enum { EDGE = 2, MOST_RADIUS = 64 };

typedef struct {
    Py_ssize_t height, width, radius;
    int level, single, both;
    float floor;
} Filter;

CLONES static void rounded(const float *values, Py_ssize_t width, int level, int16_t *out)
{
    for (Py_ssize_t x = 0; x < width; x++)
        out[x] = (int16_t)nearest(values[x] * (float)level);
}

INLINE int16_t limited(int16_t value, int16_t limit)
{
    int16_t above = value < (int16_t)-limit ? (int16_t)-limit : value;
    return above > limit ? limit : above;
}

CLONES static void differences(const int16_t *centre, Py_ssize_t pitch, const Filter *filter,
                               int16_t *out)
{
    const Py_ssize_t steps[4] = {2, 2 * pitch, pitch + 1, 1 - pitch}, width = filter->width;
    const int16_t level = (int16_t)filter->level, single = (int16_t)filter->single,
                  both = (int16_t)filter->both;
    for (Py_ssize_t x = 0; x < width; x++) {
        const int16_t *p = centre + x;
        int16_t one = 0, two = 0;
        for (int direction = 0; direction < 4; direction++) {
            int16_t ahead = (int16_t)(p[0] - p[steps[direction]]);
            int16_t back = (int16_t)(p[0] - p[-steps[direction]]);
            one = (int16_t)(one + limited(ahead, level) + limited(back, level));
            two = (int16_t)(two + limited((int16_t)(ahead + back), level));
        }
        out[x] = (int16_t)(one * single + two * both);
    }
}

/* One row of squares more in the sums of columns, and one less. */
CLONES static void moved_on(const int16_t *more, const int16_t *less, Py_ssize_t width,
                            int32_t *columns)
{
    for (Py_ssize_t x = 0; x < width; x++)
        columns[x] += more[x] * more[x] - less[x] * less[x];
}

INLINE void along(const int32_t *columns, Py_ssize_t width, Py_ssize_t window, int32_t *sums)
{
    for (Py_ssize_t x = 0; x < width; x++) {
        int32_t sum = 0;
        for (Py_ssize_t step = 0; step < window; step++)
            sum += columns[x + step];
        sums[x] = sum;
    }
}

CLONES static void divided(const int16_t *numbers, const int32_t *columns, int32_t *sums,
                           const Filter *filter, float *out)
{
    const Py_ssize_t width = filter->width, window = 2 * filter->radius + 1;
    const float share = 1.0f / (float)(window * window), floor = filter->floor;
    if (window == 9)
        along(columns, width, 9, sums);
    else
        along(columns, width, window, sums);
    for (Py_ssize_t x = 0; x < width; x++) {
        float power = (float)sums[x] * share;
        power = power + floor;
        out[x] = (float)numbers[x] / sqrtf(power);
    }
}

/* The plane in whole numbers, with EDGE pixels around it, and the sums of differences. */
static void numbered(const float *smooth, const Filter *filter, int16_t *edged, int16_t *numbers)
{
    const Py_ssize_t height = filter->height, width = filter->width, pitch = width + 2 * EDGE;
    int16_t *first = edged + EDGE * pitch + EDGE;
    for (Py_ssize_t y = -EDGE; y < height + EDGE; y++) {
        int16_t *row = first + y * pitch;
        rounded(smooth + repeated(y, height) * width, width, filter->level, row);
        for (Py_ssize_t x = 1; x <= EDGE; x++) {
            row[-x] = row[repeated(-x, width)];
            row[width - 1 + x] = row[repeated(width - 1 + x, width)];
        }
    }
    for (Py_ssize_t y = 0; y < height; y++)
        differences(first + y * pitch, pitch, filter, numbers + y * width);
}

static void over_power(const int16_t *numbers, const Filter *filter, int32_t *padded, int32_t *sums,
                       float *out)
{
    const Py_ssize_t height = filter->height, width = filter->width, radius = filter->radius;
    int32_t *columns = padded + radius;
    memset(columns, 0, width * sizeof *columns);
    for (Py_ssize_t y = -radius - 1; y < radius; y++) {
        const int16_t *row = numbers + mirrored(y, height) * width;
        for (Py_ssize_t x = 0; x < width; x++)
            columns[x] += row[x] * row[x];
    }
    for (Py_ssize_t y = 0; y < height; y++) {
        moved_on(numbers + mirrored(y + radius, height) * width,
                 numbers + mirrored(y - radius - 1, height) * width, width, columns);
        for (Py_ssize_t x = 1; x <= radius; x++) {
            columns[-x] = columns[mirrored(-x, width)];
            columns[width - 1 + x] = columns[mirrored(width - 1 + x, width)];
        }
        divided(numbers + y * width, padded, sums, filter, out + y * width);
    }
}

/* No sum leaves its type. */
static int in_range(const Filter *filter)
{
    Py_ssize_t window = 2 * filter->radius + 1;
    if (filter->height < 1 || filter->width < 1 || filter->width > INT_MAX / 16 / filter->height ||
        filter->radius < 1 || filter->radius > MOST_RADIUS || filter->level < 1 ||
        filter->level > 32 || filter->single < 0 || filter->single > 64 || filter->both < 0 ||
        filter->both > 64)
        return 0;
    int64_t most = (int64_t)filter->level * (8 * filter->single + 4 * filter->both);
    return most <= INT16_MAX && most * most * window * window <= INT32_MAX;
}

static int whitened(const Py_buffer *smooth, const Py_buffer *out, const Filter *filter)
{
    if (!in_range(filter))
        return refused("height, width, radius, level or a weight is out of range");
    Py_ssize_t height = filter->height, width = filter->width, radius = filter->radius;
    Py_ssize_t bytes = height * width * (Py_ssize_t)sizeof(float);
    if (smooth->len != bytes || out->len != bytes)
        return refused("the sizes of the buffers do not agree");
    Py_ssize_t edged = (height + 2 * EDGE) * (width + 2 * EDGE), columns = width + 2 * radius;
    int32_t *room = malloc((columns + width) * sizeof(int32_t) +
                           (edged + height * width) * sizeof(int16_t));
    if (room == NULL)
        return no_memory();
    int16_t *numbers = (int16_t *)(room + columns + width);
    Py_BEGIN_ALLOW_THREADS;
    numbered(smooth->buf, filter, numbers + height * width, numbers);
    over_power(numbers, filter, room, room + columns, out->buf);
    Py_END_ALLOW_THREADS;
    free(room);
    return 0;
}

PyObject *py_whitened(PyObject *self, PyObject *arguments)
{
    Py_buffer smooth, out;
    Filter filter;
    (void)self;
    if (!PyArg_ParseTuple(arguments, "y*w*nnniiif", &smooth, &out, &filter.height, &filter.width,
                          &filter.radius, &filter.level, &filter.single, &filter.both,
                          &filter.floor))
        return NULL;
    int result = whitened(&smooth, &out, &filter);
    return finished(result, 2, &smooth, &out);
}
