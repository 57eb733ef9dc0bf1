/* markers/public_glance.py: the largest and least of each block, as points on a circle. */

#include "native.h"

enum { TAPS = 5, VALUES = 511, WINDOW_MOST = 999 };

/* OpenCV's U of 8-bit pixels: fixed point of 14 bits, Y rounded before. */
INLINE uint8_t chroma(int first, int green, int last)
{
    int luma = (4899 * first + 9617 * green + 1868 * last + 8192) >> 14;
    int u = ((last - luma) * 8061 + (128 << 14) + 8192) >> 14;
    return (uint8_t)(u < 0 ? 0 : u > 255 ? 255 : u);
}

CLONES static void chromas(const uint8_t *rgb, Py_ssize_t count, uint8_t *blue, uint8_t *red)
{
    for (Py_ssize_t i = 0; i < count; i++) {
        int r = rgb[3 * i], g = rgb[3 * i + 1], b = rgb[3 * i + 2];
        blue[i] = chroma(r, g, b);
        red[i] = chroma(b, g, r);
    }
}

/* Rows filtered with (3, -16, 90, -16, 3); pixels beyond the border are those of the border. */
CLONES static void sharp_row(const uint8_t *row, Py_ssize_t width, uint8_t *padded, int16_t *out)
{
    memcpy(padded + 2, row, (size_t)width);
    padded[0] = padded[1] = row[0];
    padded[width + 2] = padded[width + 3] = row[width - 1];
    for (Py_ssize_t x = 0; x < width; x++) {
        const uint8_t *p = padded + x;
        out[x] = (int16_t)(3 * (p[0] + p[4]) - 16 * (p[1] + p[3]) + 90 * p[2]);
    }
}

/* The same down the columns; over 4096, halves to the even number as OpenCV rounds. */
CLONES static void sharp_column(int16_t *const rows[TAPS], Py_ssize_t width, uint8_t *out)
{
    const int16_t *a = rows[0], *b = rows[1], *c = rows[2], *d = rows[3], *e = rows[4];
    for (Py_ssize_t x = 0; x < width; x++) {
        int sum = 3 * (a[x] + e[x]) - 16 * (b[x] + d[x]) + 90 * c[x];
        int value = (sum + 2047 + ((sum >> 12) & 1)) >> 12;
        out[x] = (uint8_t)(value < 0 ? 0 : value > 255 ? 255 : value);
    }
}

static void sharpened(const uint8_t *plane, Py_ssize_t height, Py_ssize_t width, uint8_t *padded,
                      int16_t *kept, uint8_t *out)
{
    Py_ssize_t done = 0; /* rows filtered so far; the last five are kept */
    for (Py_ssize_t y = 0; y < height; y++) {
        int16_t *rows[TAPS];
        for (; done < height && done <= y + 2; done++)
            sharp_row(plane + done * width, width, padded, kept + done % TAPS * width);
        for (int tap = 0; tap < TAPS; tap++) {
            Py_ssize_t at = y + tap - 2;
            at = at < 0 ? 0 : at >= height ? height - 1 : at;
            rows[tap] = kept + at % TAPS * width;
        }
        sharp_column(rows, width, out + y * width);
    }
}

/* Largest and least of a row of blocks of 4x4 pixels, the first pixel of each left out. */
CLONES static void extremes(const uint8_t *rows, Py_ssize_t width, uint8_t *most, uint8_t *least)
{
    const uint8_t *a = rows, *b = rows + width, *c = b + width, *d = c + width;
    for (Py_ssize_t x = 0; x < width; x++) {
        uint8_t skip = (x & 3) ? 0 : 255;
        uint8_t high = a[x] & (uint8_t)~skip, low = a[x] | skip;
        uint8_t high2 = b[x] > c[x] ? b[x] : c[x], low2 = b[x] < c[x] ? b[x] : c[x];
        high = high > d[x] ? high : d[x];
        low = low < d[x] ? low : d[x];
        most[x] = high > high2 ? high : high2;
        least[x] = low < low2 ? low : low2;
    }
    for (Py_ssize_t i = 0; i < width / 4; i++) {
        const uint8_t *m = most + 4 * i, *l = least + 4 * i;
        uint8_t m0 = m[0] > m[1] ? m[0] : m[1], m1 = m[2] > m[3] ? m[2] : m[3];
        uint8_t l0 = l[0] < l[1] ? l[0] : l[1], l1 = l[2] < l[3] ? l[2] : l[3];
        most[i] = m0 > m1 ? m0 : m1;
        least[i] = l0 < l1 ? l0 : l1;
    }
}

/* Points of one plane in both dialects, where the step's zero is at U = 0, and at 127.5: four lanes
 * of every block, two cosines and the two sines `READINGS` lanes further on. */
static void points(const uint8_t *plane, Py_ssize_t height, Py_ssize_t width, uint8_t *scratch,
                   const int32_t *circle, int32_t *lanes)
{
    uint8_t *most = scratch, *least = scratch + width;
    for (Py_ssize_t top = 0; top < height; top += 4) {
        extremes(plane + top * width, width, most, least);
        for (Py_ssize_t i = 0; i < width / 4; i++, lanes += LANES) {
            int whole = 2 * most[i], up = whole - 255, down = 255 - 2 * least[i];
            int centred = up > down ? up : down;
            lanes[0] = circle[whole];
            lanes[1] = circle[centred];
            lanes[READINGS] = circle[VALUES + whole];
            lanes[READINGS + 1] = circle[VALUES + centred];
        }
    }
}

/* Every block times the window, less the sum of the window around it. */
CLONES static void without_common(const int32_t *from, Py_ssize_t blocks, int window, int32_t *to)
{
    int32_t sum[LANES] = {0};
    for (Py_ssize_t place = -(window / 2); place <= window / 2; place++) {
        const int32_t *row = from + repeated(place, blocks) * LANES;
        for (int lane = 0; lane < LANES; lane++)
            sum[lane] += row[lane];
    }
    for (Py_ssize_t i = 0; i < blocks; i++) {
        const int32_t *here = from + i * LANES;
        const int32_t *next = from + repeated(i + window / 2 + 1, blocks) * LANES;
        const int32_t *last = from + repeated(i - window / 2, blocks) * LANES;
        for (int lane = 0; lane < LANES; lane++) {
            to[i * LANES + lane] = window * here[lane] - sum[lane];
            sum[lane] += next[lane] - last[lane];
        }
    }
}

static int block_waves(const Py_buffer *half, const Py_buffer *circle, const Py_buffer *out,
                       Py_ssize_t height, Py_ssize_t width, int window)
{
    if (height < 4 || width < 4 || height % 4 || width % 4 || width > INT_MAX / height ||
        window < 1 || window > WINDOW_MOST || window % 2 == 0)
        return refused("height and width must be multiples of 4, and window odd");
    Py_ssize_t area = height * width, blocks = area / 16;
    Py_ssize_t points_size = LANES * blocks * (Py_ssize_t)sizeof(int32_t);
    if (half->len != 3 * area || circle->len != 2 * VALUES * (Py_ssize_t)sizeof(int32_t) ||
        out->len != points_size)
        return refused("the sizes of the buffers do not agree");
    uint8_t *memory = malloc((size_t)(points_size + 3 * area + (2 + 2 * TAPS) * width + 8));
    if (memory == NULL)
        return no_memory();
    Py_BEGIN_ALLOW_THREADS;
    int32_t *lanes = (int32_t *)memory;
    int16_t *kept = (int16_t *)(memory + points_size);
    uint8_t *planes = memory + points_size + 2 * TAPS * width, *sharp = planes + 2 * area;
    uint8_t *scratch = sharp + area; /* 2 * width, or width + 4 */
    chromas(half->buf, area, planes, planes + area);
    for (int order = 0; order < 2; order++) {
        const uint8_t *plane = planes + order * area;
        sharpened(plane, height, width, scratch, kept, sharp);
        points(plane, height, width, scratch, circle->buf, lanes + 4 * order);
        points(sharp, height, width, scratch, circle->buf, lanes + 4 * order + 2);
    }
    without_common(lanes, blocks, window, out->buf);
    Py_END_ALLOW_THREADS;
    free(memory);
    return 0;
}

PyObject *py_block_waves(PyObject *self, PyObject *arguments)
{
    Py_buffer half, circle, out;
    Py_ssize_t height, width;
    int window;
    (void)self;
    if (!PyArg_ParseTuple(arguments, "y*y*w*nni", &half, &circle, &out, &height, &width, &window))
        return NULL;
    int result = block_waves(&half, &circle, &out, height, width, window);
    return finished(result, 3, &half, &circle, &out);
}
