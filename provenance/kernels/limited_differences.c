/* watermark/reading/filter.py: limited differences to the neighbours at distance 2. */

#include "native.h"

INLINE int16_t limited(int16_t value, int16_t limit)
{
    int16_t above = value < (int16_t)-limit ? (int16_t)-limit : value;
    return above > limit ? limit : above;
}

CLONES static void differences(const int16_t *centre, Py_ssize_t pitch, Py_ssize_t width,
                               int16_t limit, float single, float both, float *out)
{
    const Py_ssize_t steps[4] = {2, 2 * pitch, pitch + 1, 1 - pitch};
    for (Py_ssize_t x = 0; x < width; x++) {
        const int16_t *p = centre + x;
        int16_t one = 0, two = 0;
        for (int direction = 0; direction < 4; direction++) {
            int16_t ahead = (int16_t)(p[0] - p[steps[direction]]);
            int16_t back = (int16_t)(p[0] - p[-steps[direction]]);
            one = (int16_t)(one + limited(ahead, limit) + limited(back, limit));
            two = (int16_t)(two + limited((int16_t)(ahead + back), limit));
        }
        float sum = (float)one * single;
        float more = (float)two * both;
        out[x] = sum + more;
    }
}

static int limited_differences(const Py_buffer *fixed, const Py_buffer *out, Py_ssize_t height,
                               Py_ssize_t width, int edge, int limit, float single, float both)
{
    if (height < 1 || width < 1 || edge < 2 || edge > 64 || limit < 0 || limit > 4095 ||
        width > INT_MAX / height)
        return refused("height, width, edge or limit is out of range");
    Py_ssize_t pitch = width + 2 * edge;
    if (fixed->len != (height + 2 * edge) * pitch * (Py_ssize_t)sizeof(int16_t) ||
        out->len != height * width * (Py_ssize_t)sizeof(float))
        return refused("the sizes of the buffers do not agree");
    Py_BEGIN_ALLOW_THREADS;
    const int16_t *first = (const int16_t *)fixed->buf + edge * pitch + edge;
    for (Py_ssize_t y = 0; y < height; y++)
        differences(first + y * pitch, pitch, width, (int16_t)limit, single, both,
                    (float *)out->buf + y * width);
    Py_END_ALLOW_THREADS;
    return 0;
}

PyObject *py_limited_differences(PyObject *self, PyObject *arguments)
{
    Py_buffer fixed, out;
    Py_ssize_t height, width;
    int edge, limit;
    float single, both;
    (void)self;
    if (!PyArg_ParseTuple(arguments, "y*w*nniiff", &fixed, &out, &height, &width, &edge, &limit,
                          &single, &both))
        return NULL;
    int result = limited_differences(&fixed, &out, height, width, edge, limit, single, both);
    return finished(result, 2, &fixed, &out);
}
