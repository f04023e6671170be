// Columns between Python and C++: buffers that come in, and bytes that go out.
#pragma once

#include <Python.h>

#include "problem.h"

namespace polyrelu {

// What the arguments of a call hold on to.
class Buffer {
  public:
    Buffer() = default;
    Buffer(const Buffer &) = delete;
    Buffer &operator=(const Buffer &) = delete;
    ~Buffer() {
        if (held_) PyBuffer_Release(&view_);
    }
    // Reads a contiguous buffer of values of the given size; false with an exception set.
    template <class Value> bool read(PyObject *from, View<Value> &to) {
        if (PyObject_GetBuffer(from, &view_, PyBUF_C_CONTIGUOUS) < 0) return false;
        held_ = true;
        if (view_.len % Py_ssize_t(sizeof(Value)) != 0) {
            PyErr_SetString(PyExc_ValueError, "kernel: a column does not have whole values");
            return false;
        }
        to.start = static_cast<const Value *>(view_.buf);
        to.length = std::size_t(view_.len) / sizeof(Value);
        return true;
    }

  private:
    Py_buffer view_{};
    bool held_ = false;
};

template <class Value> PyObject *bytes_of(const Array<Value> &column, std::size_t count) {
    return PyBytes_FromStringAndSize(reinterpret_cast<const char *>(column.data()), Py_ssize_t(count * sizeof(Value)));
}

// The same; much is copied without Python's lock, so nobody else may be let at the column meanwhile.
template <class Value> PyObject *bytes_apart(const Array<Value> &column, std::size_t count) {
    constexpr std::size_t MUCH = 1 << 16;
    const std::size_t size = count * sizeof(Value);
    if (size < MUCH) return bytes_of(column, count);
    PyObject *bytes = PyBytes_FromStringAndSize(nullptr, Py_ssize_t(size));
    if (bytes == nullptr) return nullptr;
    char *to = PyBytes_AsString(bytes);
    PyThreadState *thread = PyEval_SaveThread();
    std::memcpy(to, column.data(), size);
    PyEval_RestoreThread(thread);
    return bytes;
}

inline PyObject *bytes_of(const void *start, std::size_t size) {
    return PyBytes_FromStringAndSize(static_cast<const char *>(start), Py_ssize_t(size));
}

// Appends to a list what it takes over; false if there is nothing or no room.
inline bool append(PyObject *list, PyObject *value) {
    if (value == nullptr) return false;
    const int failed = PyList_Append(list, value);
    Py_DecRef(value);
    return failed == 0;
}

} // namespace polyrelu
