/* fingerprint/pdq.py: luma, filtered and sampled down the columns. */

#include "native.h"

CLONES static void luma_row(const uint8_t *rgb, Py_ssize_t width, float *out)
{
    for (Py_ssize_t x = 0; x < width; x++)
        out[x] = (float)grey(rgb + 3 * x);
}

CLONES static void add_weighted(const float *from, float weight, float *to, Py_ssize_t width)
{
    for (Py_ssize_t x = 0; x < width; x++) {
        float part = weight * from[x];
        to[x] += part;
    }
}

static int sampled_rows(const Py_buffer *rgb, const Py_buffer *first, const Py_buffer *weights,
                        const Py_buffer *out, Py_ssize_t height, Py_ssize_t width)
{
    Py_ssize_t cells = first->len / (Py_ssize_t)sizeof(int32_t);
    Py_ssize_t row = cells * (Py_ssize_t)sizeof(float);
    if (height < 1 || width < 1 || cells < 1 || width > INT_MAX / height)
        return refused("height, width or cells is out of range");
    if (rgb->len != 3 * height * width || first->len != cells * (Py_ssize_t)sizeof(int32_t) ||
        weights->len % row || out->len != width * row)
        return refused("the sizes of the buffers do not agree");
    float *luma = malloc((size_t)width * sizeof(float));
    if (luma == NULL)
        return no_memory();
    Py_BEGIN_ALLOW_THREADS;
    const Py_ssize_t used = weights->len / row;
    const int32_t *begins = first->buf;
    memset(out->buf, 0, (size_t)out->len);
    for (Py_ssize_t y = 0; y < height; y++) {
        luma_row((const uint8_t *)rgb->buf + 3 * y * width, width, luma);
        for (Py_ssize_t cell = 0; cell < cells; cell++) {
            Py_ssize_t place = y - begins[cell];
            if (place < 0 || place >= used)
                continue;
            float weight = ((const float *)weights->buf)[cell * used + place];
            if (weight != 0)
                add_weighted(luma, weight, (float *)out->buf + cell * width, width);
        }
    }
    Py_END_ALLOW_THREADS;
    free(luma);
    return 0;
}

PyObject *py_sampled_rows(PyObject *self, PyObject *arguments)
{
    Py_buffer rgb, first, weights, out;
    Py_ssize_t height, width;
    (void)self;
    if (!PyArg_ParseTuple(arguments, "y*y*y*w*nn", &rgb, &first, &weights, &out, &height, &width))
        return NULL;
    int result = sampled_rows(&rgb, &first, &weights, &out, height, width);
    return finished(result, 4, &rgb, &first, &weights, &out);
}
