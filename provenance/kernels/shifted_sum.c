/* watermark/sync/candidates.py: one plane, shifted for each line, added up. */

#include "native.h"

enum { LINES_MOST = 64 };

CLONES static void add_whole(const uint16_t *from, uint16_t *to, Py_ssize_t width)
{
    for (Py_ssize_t x = 0; x < width; x++)
        to[x] = (uint16_t)(to[x] + from[x]);
}

CLONES static void add_real(const float *from, float *to, Py_ssize_t width)
{
    for (Py_ssize_t x = 0; x < width; x++)
        to[x] += from[x];
}

static int shifted_sum(const Py_buffer *plane, const Py_buffer *shifts, const Py_buffer *out,
                       Py_ssize_t pitch, Py_ssize_t width, Py_ssize_t size)
{
    if (size != (Py_ssize_t)sizeof(float) && size != (Py_ssize_t)sizeof(uint16_t))
        return refused("cells have 2 bytes or 4");
    Py_ssize_t lines = shifts->len / (2 * (Py_ssize_t)sizeof(int32_t));
    if (width < 1 || pitch < width || pitch > INT_MAX || lines > LINES_MOST ||
        shifts->len % (2 * (Py_ssize_t)sizeof(int32_t)) || plane->len % (pitch * size) ||
        out->len % (width * size))
        return refused("the sizes of the buffers do not agree");
    Py_ssize_t rows = plane->len / (pitch * size), height = out->len / (width * size);
    const int32_t *shift = shifts->buf;
    for (Py_ssize_t line = 0; line < lines; line++)
        if (shift[2 * line] < 0 || shift[2 * line] > rows - height || shift[2 * line + 1] < 0 ||
            shift[2 * line + 1] > pitch - width)
            return refused("a shift leaves the plane");
    Py_BEGIN_ALLOW_THREADS;
    memset(out->buf, 0, (size_t)out->len);
    for (Py_ssize_t y = 0; y < height; y++)
        for (Py_ssize_t line = 0; line < lines; line++) {
            Py_ssize_t from = (shift[2 * line] + y) * pitch + shift[2 * line + 1];
            if (size == (Py_ssize_t)sizeof(float))
                add_real((const float *)plane->buf + from, (float *)out->buf + y * width, width);
            else
                add_whole((const uint16_t *)plane->buf + from, (uint16_t *)out->buf + y * width,
                          width);
        }
    Py_END_ALLOW_THREADS;
    return 0;
}

PyObject *py_shifted_sum(PyObject *self, PyObject *arguments)
{
    Py_buffer plane, shifts, out;
    Py_ssize_t pitch, width, size;
    (void)self;
    if (!PyArg_ParseTuple(arguments, "y*y*w*nnn", &plane, &shifts, &out, &pitch, &width, &size))
        return NULL;
    int result = shifted_sum(&plane, &shifts, &out, pitch, width, size);
    return finished(result, 3, &plane, &shifts, &out);
}
