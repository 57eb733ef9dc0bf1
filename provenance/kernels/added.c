/* watermark/schemes/lattice/residual.py: a residual enlarged to the size of a picture, and added. */

#include "native.h"

enum { TAPS = 4, MOST_PLANES = 2, BUFFERS = 7 };

typedef struct {
    const uint8_t *rgb;
    const float *residual;
    const int32_t *across, *down; /* (TAPS, width) and (TAPS, height) */
    const float *across_weight, *down_weight;
    uint8_t *out;
    Py_ssize_t height, width, rows, columns;
    int planes;
    float green, blue;
} Work;

/* One row of the residual at the width of the picture, plane by plane. */
CLONES static void widened(const float *row, const Work *work, float *out)
{
    const Py_ssize_t width = work->width, planes = work->planes;
    const int32_t *index = work->across;
    const float *weight = work->across_weight;
    for (Py_ssize_t plane = 0; plane < planes; plane++)
        for (Py_ssize_t x = 0; x < width; x++) {
            float sum = row[index[x] * planes + plane] * weight[x];
            for (int tap = 1; tap < TAPS; tap++) {
                float part = row[index[tap * width + x] * planes + plane];
                part = part * weight[tap * width + x];
                sum = sum + part;
            }
            out[plane * width + x] = sum;
        }
}

CLONES static void weighted(const float *const *rows, const float *weight, Py_ssize_t length,
                            float *out)
{
    for (Py_ssize_t x = 0; x < length; x++) {
        float sum = rows[0][x] * weight[0];
        for (int tap = 1; tap < TAPS; tap++) {
            float part = rows[tap][x] * weight[tap];
            sum = sum + part;
        }
        out[x] = sum;
    }
}

INLINE uint8_t shown(float value)
{
    value = value < 0.0f ? 0.0f : value;
    return (uint8_t)nearest(value > 255.0f ? 255.0f : value);
}

CLONES static void changed(const uint8_t *rgb, const float *luma, const float *chroma,
                           const Work *work, uint8_t *out)
{
    const Py_ssize_t width = work->width;
    const float to_green = work->green, to_blue = work->blue;
    for (Py_ssize_t x = 0; x < width; x++) {
        float red = luma[x], green = red, blue = red;
        if (chroma) {
            green = chroma[x] * to_green;
            green = red + green;
            blue = chroma[x] * to_blue;
            blue = red + blue;
        }
        out[3 * x] = shown((float)rgb[3 * x] + red);
        out[3 * x + 1] = shown((float)rgb[3 * x + 1] + green);
        out[3 * x + 2] = shown((float)rgb[3 * x + 2] + blue);
    }
}

/* The last rows that were widened stay, each in the place of its number modulo TAPS: those that one
 * row of the picture needs follow one another. */
static void added(const Work *work, float *room)
{
    const Py_ssize_t length = work->planes * work->width;
    Py_ssize_t held[TAPS] = {-1, -1, -1, -1};
    float *sum = room + TAPS * length;
    for (Py_ssize_t y = 0; y < work->height; y++) {
        const float *rows[TAPS];
        float weight[TAPS];
        for (int tap = 0; tap < TAPS; tap++) {
            Py_ssize_t row = work->down[tap * work->height + y];
            float *place = room + row % TAPS * length;
            if (held[row % TAPS] != row)
                widened(work->residual + row * work->columns * work->planes, work, place);
            held[row % TAPS] = row;
            rows[tap] = place;
            weight[tap] = work->down_weight[tap * work->height + y];
        }
        weighted(rows, weight, length, sum);
        changed(work->rgb + 3 * y * work->width, sum,
                work->planes == MOST_PLANES ? sum + work->width : NULL, work,
                work->out + 3 * y * work->width);
    }
}

static int all_below(const int32_t *index, Py_ssize_t count, Py_ssize_t size)
{
    for (Py_ssize_t i = 0; i < count; i++)
        if (index[i] < 0 || index[i] >= size)
            return 0;
    return 1;
}

static int add(const Py_buffer *buffers, Work *work)
{
    const Py_ssize_t height = work->height, width = work->width;
    if (height < 1 || width < 1 || width > INT_MAX / 3 / height || work->rows < 1 ||
        work->columns < 1 || work->columns > INT_MAX / MOST_PLANES / work->rows ||
        work->planes < 1 || work->planes > MOST_PLANES)
        return refused("height, width, rows, columns or planes is out of range");
    const Py_ssize_t sizes[BUFFERS] = {
        3 * height * width,
        work->rows * work->columns * work->planes * (Py_ssize_t)sizeof(float),
        TAPS * width * (Py_ssize_t)sizeof(int32_t),
        TAPS * width * (Py_ssize_t)sizeof(float),
        TAPS * height * (Py_ssize_t)sizeof(int32_t),
        TAPS * height * (Py_ssize_t)sizeof(float),
        3 * height * width,
    };
    for (int i = 0; i < BUFFERS; i++)
        if (buffers[i].len != sizes[i])
            return refused("the sizes of the buffers do not agree");
    work->rgb = buffers[0].buf;
    work->residual = buffers[1].buf;
    work->across = buffers[2].buf;
    work->across_weight = buffers[3].buf;
    work->down = buffers[4].buf;
    work->down_weight = buffers[5].buf;
    work->out = buffers[6].buf;
    if (!all_below(work->across, TAPS * width, work->columns) ||
        !all_below(work->down, TAPS * height, work->rows))
        return refused("an index is out of range");
    float *room = malloc((TAPS + 1) * work->planes * width * sizeof(float));
    if (room == NULL)
        return no_memory();
    Py_BEGIN_ALLOW_THREADS;
    added(work, room);
    Py_END_ALLOW_THREADS;
    free(room);
    return 0;
}

PyObject *py_added(PyObject *self, PyObject *arguments)
{
    Py_buffer b[BUFFERS];
    Work work;
    (void)self;
    if (!PyArg_ParseTuple(arguments, "y*y*y*y*y*y*w*nnnniff", b, b + 1, b + 2, b + 3, b + 4, b + 5,
                          b + 6, &work.height, &work.width, &work.rows, &work.columns,
                          &work.planes, &work.green, &work.blue))
        return NULL;
    int result = add(b, &work);
    return finished(result, BUFFERS, b, b + 1, b + 2, b + 3, b + 4, b + 5, b + 6);
}
