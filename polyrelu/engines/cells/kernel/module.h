// The module that Python imports; baseline.cpp and avx2.cpp say its name, POLYRELU_MODULE.
#pragma once

#include <Python.h>

#include "identity.h"
#include "numbers.h"

#define POLYRELU_JOIN_(a, b) a##b
#define POLYRELU_JOIN(a, b) POLYRELU_JOIN_(a, b)
#define POLYRELU_TEXT_(a) #a
#define POLYRELU_TEXT(a) POLYRELU_TEXT_(a)

namespace polyrelu {

static PyModuleDef definition = {
    PyModuleDef_HEAD_INIT, POLYRELU_TEXT(POLYRELU_MODULE), nullptr, 0, nullptr, nullptr, nullptr, nullptr, nullptr,
};

} // namespace polyrelu

PyMODINIT_FUNC POLYRELU_JOIN(PyInit_, POLYRELU_MODULE)() {
    PyObject *module = PyModule_Create(&polyrelu::definition);
    if (module != nullptr && polyrelu::add_identity(module) < 0) {
        Py_DECREF(module);
        return nullptr;
    }
    return module;
}
