// What each library says of itself, for polyrelu/engines/cells/library.py: has_avx2(), as_written() and SOURCES, the
// digest of the sources that it was built from. Its name is the macro POLYRELU_MODULE, of which POLYRELU_NAME is the
// text and POLYRELU_INIT the function that Python calls.
#pragma once

#include <Python.h>

#include "machine.h"

#if !defined(POLYRELU_SOURCES)
#error "build with: python polyrelu/engines/cells/kernel/build.py"
#endif

#define POLYRELU_JOINED_(a, b) a##b
#define POLYRELU_JOINED(a, b) POLYRELU_JOINED_(a, b)
#define POLYRELU_TEXT_(a) #a
#define POLYRELU_TEXT(a) POLYRELU_TEXT_(a)
#define POLYRELU_NAME POLYRELU_TEXT(POLYRELU_MODULE)
#define POLYRELU_INIT POLYRELU_JOINED(PyInit_, POLYRELU_MODULE)

namespace polyrelu {

inline PyObject *py_has_avx2(PyObject *, PyObject *) { return PyBool_FromLong(has_avx2()); }
inline PyObject *py_as_written(PyObject *, PyObject *) { return PyBool_FromLong(as_written()); }

// Puts these names into a module; -1 with Python's error set if that fails, as in Python's own functions.
inline int add_identity(PyObject *module) {
    static PyMethodDef methods[] = {
        {"has_avx2", py_has_avx2, METH_NOARGS, "Whether this processor can run the library for AVX2."},
        {"as_written", py_as_written, METH_NOARGS, "Whether operations are rounded one by one, in the order written."},
        {nullptr, nullptr, 0, nullptr},
    };
    if (PyModule_AddFunctions(module, methods) < 0) return -1;
    return PyModule_AddStringConstant(module, "SOURCES", POLYRELU_SOURCES);
}

} // namespace polyrelu
