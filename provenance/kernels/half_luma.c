/* watermark/sync/glance.py: luma of 2x2 pixels. */

#include "native.h"

CLONES static void luma_row(const uint8_t *rgb, Py_ssize_t width, uint16_t *out)
{
    for (Py_ssize_t x = 0; x < width; x++)
        out[x] = (uint16_t)grey(rgb + 3 * x);
}

CLONES static void halved(const uint16_t *upper, const uint16_t *lower, Py_ssize_t width,
                          uint8_t *out)
{
    for (Py_ssize_t x = 0; x < width; x++) {
        int sum = upper[2 * x] + upper[2 * x + 1] + lower[2 * x] + lower[2 * x + 1];
        out[x] = (uint8_t)((sum + 2) >> 2);
    }
}

static int half_luma(const Py_buffer *rgb, const Py_buffer *out, Py_ssize_t height,
                     Py_ssize_t width)
{
    if (height < 2 || width < 2 || width > INT_MAX / height)
        return refused("height or width is out of range");
    Py_ssize_t half = width / 2;
    if (rgb->len != 3 * height * width || out->len != height / 2 * half)
        return refused("the sizes of the buffers do not agree");
    uint16_t *luma = malloc((size_t)(4 * half) * sizeof(uint16_t));
    if (luma == NULL)
        return no_memory();
    Py_BEGIN_ALLOW_THREADS;
    for (Py_ssize_t y = 0; y < height / 2; y++) {
        const uint8_t *rows = (const uint8_t *)rgb->buf + 6 * y * width;
        luma_row(rows, 2 * half, luma);
        luma_row(rows + 3 * width, 2 * half, luma + 2 * half);
        halved(luma, luma + 2 * half, half, (uint8_t *)out->buf + y * half);
    }
    Py_END_ALLOW_THREADS;
    free(luma);
    return 0;
}

PyObject *py_half_luma(PyObject *self, PyObject *arguments)
{
    Py_buffer rgb, out;
    Py_ssize_t height, width;
    (void)self;
    if (!PyArg_ParseTuple(arguments, "y*w*nn", &rgb, &out, &height, &width))
        return NULL;
    int result = half_luma(&rgb, &out, height, width);
    return finished(result, 2, &rgb, &out);
}
