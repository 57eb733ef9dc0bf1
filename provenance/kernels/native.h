/* What the compiled loops share. Each does what one place in Python does without it, number for
 * number; the tests hold the two together. All arithmetic is in whole numbers, or one operation
 * after another in the order of the Python code (no contraction), so that a result does not depend
 * on which of the two ran.
 *
 * Arguments are C-contiguous buffers of numbers. Sizes are checked against the buffers that came: a
 * wrong caller gets ValueError, never memory that is not its own. The interpreter's lock is released
 * while a loop runs.
 */

#ifndef PROVENANCE_NATIVE_H
#define PROVENANCE_NATIVE_H

#define PY_SSIZE_T_CLEAN
#include <Python.h>
#include <limits.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

/* Copies for processors with wider registers, chosen when the library is loaded, where it can be. */
#if !defined(__x86_64__) || !defined(__GLIBC__) || !defined(__GNUC__) || defined(__clang__)
#define CLONES
#elif __GNUC__ >= 12
#define CLONES __attribute__((target_clones("arch=x86-64-v4", "avx2", "default")))
#else
#define CLONES __attribute__((target_clones("avx2", "default")))
#endif

#if defined(__GNUC__)
#define INLINE static inline __attribute__((always_inline))
#else
#define INLINE static inline
#endif

/* Raises ValueError; -1. */
INLINE int refused(const char *what)
{
    PyErr_SetString(PyExc_ValueError, what);
    return -1;
}

/* Raises MemoryError; -1. */
INLINE int no_memory(void)
{
    PyErr_NoMemory();
    return -1;
}

/* Gives so many buffers back. What a function returns to Python: None, or NULL where an error was
 * raised. */
static inline PyObject *finished(int result, int buffers, ...)
{
    va_list list;
    va_start(list, buffers);
    while (buffers--)
        PyBuffer_Release(va_arg(list, Py_buffer *));
    va_end(list);
    if (result < 0)
        return NULL;
    Py_RETURN_NONE;
}

/* OpenCV's grey of an 8-bit pixel in the order R, G, B: fixed point of 15 bits. */
INLINE int grey(const uint8_t *pixel)
{
    return (9798 * pixel[0] + 19235 * pixel[1] + 3735 * pixel[2] + 16384) >> 15;
}

/* The nearest whole number, halves to the even one, of a value below 2^22: beside so large a number a
 * float has no place for the rest. */
INLINE int32_t nearest(float value)
{
    value = value + 12582912.0f; /* 1.5 * 2^23 */
    uint32_t bits;
    memcpy(&bits, &value, sizeof bits);
    return (int32_t)(bits - 0x4B400000u);
}

/* The place that stands for one beyond the ends of so many: the last is repeated (OpenCV's
 * BORDER_REFLECT), */
INLINE Py_ssize_t repeated(Py_ssize_t place, Py_ssize_t count)
{
    while (place < 0 || place >= count)
        place = place < 0 ? -1 - place : 2 * count - 1 - place;
    return place;
}

/* or is not (BORDER_REFLECT_101). */
INLINE Py_ssize_t mirrored(Py_ssize_t place, Py_ssize_t count)
{
    while (count > 1 && (place < 0 || place >= count))
        place = place < 0 ? -place : 2 * count - 2 - place;
    return count > 1 ? place : 0;
}

/* What `block_waves` writes for each block and `payload_sums` reads: a cosine and a sine of each
 * reading. */
enum { READINGS = 8, LANES = 2 * READINGS };

PyObject *py_added(PyObject *self, PyObject *arguments);
PyObject *py_block_waves(PyObject *self, PyObject *arguments);
PyObject *py_half_luma(PyObject *self, PyObject *arguments);
PyObject *py_payload_sums(PyObject *self, PyObject *arguments);
PyObject *py_sampled_rows(PyObject *self, PyObject *arguments);
PyObject *py_shifted_sum(PyObject *self, PyObject *arguments);
PyObject *py_structural_similarity(PyObject *self, PyObject *arguments);
PyObject *py_viterbi(PyObject *self, PyObject *arguments);
PyObject *py_whitened(PyObject *self, PyObject *arguments);

#endif
