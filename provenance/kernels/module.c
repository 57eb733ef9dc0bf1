/* The module `provenance.kernels._native`; `__init__.py` says what each function takes. */

#include "native.h"

static PyMethodDef methods[] = {
    {"added", py_added, METH_VARARGS, NULL},
    {"block_waves", py_block_waves, METH_VARARGS, NULL},
    {"half_luma", py_half_luma, METH_VARARGS, NULL},
    {"shifted_sum", py_shifted_sum, METH_VARARGS, NULL},
    {"payload_sums", py_payload_sums, METH_VARARGS, NULL},
    {"sampled_rows", py_sampled_rows, METH_VARARGS, NULL},
    {"structural_similarity", py_structural_similarity, METH_VARARGS, NULL},
    {"viterbi", py_viterbi, METH_VARARGS, NULL},
    {"whitened", py_whitened, METH_VARARGS, NULL},
    {NULL, NULL, 0, NULL},
};

static struct PyModuleDef module = {
    PyModuleDef_HEAD_INIT, "_native", NULL, 0, methods, NULL, NULL, NULL, NULL,
};

PyMODINIT_FUNC PyInit__native(void)
{
    return PyModuleDef_Init(&module);
}
