// The module that Python imports.
#pragma once

#include <Python.h>

#include "identity.h"
#include "numbers.h"

namespace polyrelu {

inline PyModuleDef DEFINITION = {PyModuleDef_HEAD_INIT, POLYRELU_NAME, nullptr, 0,      nullptr,
                                 nullptr,               nullptr,       nullptr, nullptr};

} // namespace polyrelu

PyMODINIT_FUNC POLYRELU_INIT() {
    PyObject *module = PyModule_Create(&polyrelu::DEFINITION);
    if (module != nullptr && polyrelu::add_identity(module) == 0) return module;
    if (module != nullptr) Py_DecRef(module);
    return nullptr;
}
