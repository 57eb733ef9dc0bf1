/* The module `provenance.kernels._native`; `__init__.py` says what each function takes. */

#include "native.h"

static PyMethodDef methods[] = {
    {"block_points", py_block_points, METH_VARARGS, NULL},
    {"limited_differences", py_limited_differences, METH_VARARGS, NULL},
    {"shifted_sum", py_shifted_sum, METH_VARARGS, NULL},
    {"sampled_rows", py_sampled_rows, METH_VARARGS, NULL},
    {"viterbi", py_viterbi, METH_VARARGS, NULL},
    {NULL, NULL, 0, NULL},
};

static struct PyModuleDef module = {
    PyModuleDef_HEAD_INIT, "_native", NULL, 0, methods, NULL, NULL, NULL, NULL,
};

PyMODINIT_FUNC PyInit__native(void)
{
    return PyModuleDef_Init(&module);
}
