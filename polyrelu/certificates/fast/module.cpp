// The checker as a Python module: a class Target, and a class Block for what is read of it. Only the limited API of
// Python 3.11 is used, so one library serves all later versions. The interpreter's lock is released while lines are
// read; blocks of one target may be read by several threads, each block by one at a time.
#include <Python.h>

#include <new>

#include "block.h"

#if !defined(POLYRELU_SOURCES)
#error "build with setuptools, or: python polyrelu/engines/cells/kernel/build.py"
#endif

namespace polyrelu_checker {

PyObject *rejected = nullptr; // the exception

struct TargetObject {
    PyObject_HEAD
    Target *target;
};

struct BlockObject {
    PyObject_HEAD
    Block *block;
    PyObject *target;
    bool busy;
};

PyTypeObject *block_type = nullptr;

// Does something without the interpreter's lock; false with an exception set if it was rejected or had no memory.
template <class Action> bool without_lock(Action action) {
    std::string reason;
    bool is_rejected = false, no_memory = false;
    PyThreadState *thread = PyEval_SaveThread();
    try {
        action();
    } catch (const std::bad_alloc &) {
        no_memory = true;
    } catch (const std::exception &error) {
        is_rejected = true;
        reason = error.what();
    }
    PyEval_RestoreThread(thread);
    if (no_memory) PyErr_NoMemory();
    else if (is_rejected) {
        PyObject *text = PyUnicode_DecodeUTF8(reason.data(), Py_ssize_t(reason.size()), "replace");
        if (text != nullptr) PyErr_SetObject(rejected, text);
        Py_XDECREF(text);
    }
    return !no_memory && !is_rejected;
}

// The bytes that a call was given; false with an exception set.
bool bytes_of(PyObject *object, const char *&start, std::size_t &length) {
    char *found = nullptr;
    Py_ssize_t size = 0;
    if (PyBytes_AsStringAndSize(object, &found, &size) < 0) return false;
    start = found, length = std::size_t(size);
    return true;
}

template <class Object> PyObject *allocated(PyTypeObject *type) {
    return reinterpret_cast<allocfunc>(PyType_GetSlot(type, Py_tp_alloc))(type, 0);
}

void release(PyObject *object) {
    PyTypeObject *type = Py_TYPE(object);
    reinterpret_cast<freefunc>(PyType_GetSlot(type, Py_tp_free))(object);
    Py_DecRef(reinterpret_cast<PyObject *>(type));
}

// Target(rows)
PyObject *target_new(PyTypeObject *type, PyObject *args, PyObject *) {
    PyObject *rows = nullptr;
    const char *start = nullptr;
    std::size_t length = 0;
    if (!PyArg_ParseTuple(args, "S", &rows) || !bytes_of(rows, start, length)) return nullptr;
    PyObject *object = allocated<TargetObject>(type);
    if (object == nullptr) return nullptr;
    auto *self = reinterpret_cast<TargetObject *>(object);
    if (without_lock([&] { self->target = new Target(Words(start, length, length)); })) return object;
    Py_DecRef(object);
    return nullptr;
}

void target_free(PyObject *object) {
    delete reinterpret_cast<TargetObject *>(object)->target;
    release(object);
}

// block(kind): kind is 0 for coordinates, 1 for rows, 2 for rows that are turned into coordinates
PyObject *target_block(PyObject *object, PyObject *args) {
    auto *self = reinterpret_cast<TargetObject *>(object);
    int kind = 0;
    if (!PyArg_ParseTuple(args, "i", &kind)) return nullptr;
    PyObject *made = allocated<BlockObject>(block_type);
    if (made == nullptr) return nullptr;
    auto *block = reinterpret_cast<BlockObject *>(made);
    Py_IncRef(object);
    block->target = object;
    const bool done = without_lock([&] {
        const Kind chosen = kind == 2 ? Kind::EXPANDED : kind == 1 ? Kind::ROWS : Kind::COORDINATES;
        block->block = new Block(*self->target, chosen);
    });
    if (done) return made;
    Py_DecRef(made);
    return nullptr;
}

// finish(): tiles, flat parts and zones
PyObject *target_finish(PyObject *object, PyObject *) {
    Target::Totals totals{0, 0, 0};
    if (!without_lock([&] { totals = reinterpret_cast<TargetObject *>(object)->target->finish(); })) return nullptr;
    return Py_BuildValue("(KKK)", (unsigned long long)totals.tiles, (unsigned long long)totals.flat,
                         (unsigned long long)totals.zones);
}

bool take(BlockObject *self) {
    if (!self->busy) return self->busy = true;
    PyErr_SetString(PyExc_RuntimeError, "a block is read by one thread at a time");
    return false;
}

// read(lines): bytes; what they are with coordinates, if that was asked for
PyObject *block_read(PyObject *object, PyObject *lines) {
    auto *self = reinterpret_cast<BlockObject *>(object);
    const char *start = nullptr;
    std::size_t length = 0;
    if (!bytes_of(lines, start, length) || !take(self)) return nullptr;
    std::string expanded;
    const bool done = without_lock([&] { expanded = self->block->read(Words(start, length)); });
    self->busy = false;
    return done ? PyBytes_FromStringAndSize(expanded.data(), Py_ssize_t(expanded.size())) : nullptr;
}

// close(): how many cells it had
PyObject *block_close(PyObject *object, PyObject *) {
    auto *self = reinterpret_cast<BlockObject *>(object);
    if (!take(self)) return nullptr;
    std::size_t count = 0;
    const bool done = without_lock([&] { count = self->block->close(); });
    self->busy = false;
    return done ? PyLong_FromSize_t(count) : nullptr;
}

void block_free(PyObject *object) {
    auto *self = reinterpret_cast<BlockObject *>(object);
    delete self->block;
    Py_XDECREF(self->target);
    release(object);
}

PyMethodDef TARGET_METHODS[] = {
    {"block", target_block, METH_VARARGS, "block(kind): a Block"},
    {"finish", target_finish, METH_NOARGS, "finish(): (tiles, flat parts, zones)"},
    {nullptr, nullptr, 0, nullptr},
};
PyType_Slot TARGET_SLOTS[] = {
    {Py_tp_new, reinterpret_cast<void *>(target_new)},
    {Py_tp_dealloc, reinterpret_cast<void *>(target_free)},
    {Py_tp_methods, TARGET_METHODS},
    {0, nullptr},
};
PyType_Spec TARGET_SPEC = {"polyrelu.certificates._checker.Target", sizeof(TargetObject), 0, Py_TPFLAGS_DEFAULT,
                           TARGET_SLOTS};

PyMethodDef BLOCK_METHODS[] = {
    {"read", block_read, METH_O, "read(lines): bytes"},
    {"close", block_close, METH_NOARGS, "close(): how many cells it had"},
    {nullptr, nullptr, 0, nullptr},
};
PyType_Slot BLOCK_SLOTS[] = {
    {Py_tp_dealloc, reinterpret_cast<void *>(block_free)},
    {Py_tp_methods, BLOCK_METHODS},
    {0, nullptr},
};
PyType_Spec BLOCK_SPEC = {"polyrelu.certificates._checker.Block", sizeof(BlockObject), 0,
                          Py_TPFLAGS_DEFAULT | Py_TPFLAGS_DISALLOW_INSTANTIATION, BLOCK_SLOTS};

// What an operation makes of two integers; "dot" has the first in two's complement, as forms are.
Integer operation(const Word &name, const Integer &a, const Integer &b) {
    if (name.is("+")) return a + b;
    if (name.is("-")) return a - b;
    if (name.is("*")) return a * b;
    if (name.is("quotient")) return Integer::divided(a, b).first;
    if (name.is("rest")) return Integer::divided(a, b).second;
    if (name.is("floor")) return Integer::floor_divided(a, b);
    if (name.is("gcd")) return Integer::gcd(a, b);
    if (name.is("<")) return Integer(a < b);
    if (name.is("<<")) return a.shifted_up(b.is_zero() ? 0 : b.data()[0]);
    if (name.is(">>")) return a.shifted_down(b.is_zero() ? 0 : b.data()[0]);
    need(name.is("dot"), "no such operation");
    std::vector<Limb> form(a.size() + 1, 0), sum;
    for (std::size_t i = 0; i < a.size(); i++) {
        if (a.sign() < 0) subtract_multiple(form.data() + i, form.size() - i, ONE, 1, a.data()[i]);
        else add_multiple(form.data() + i, form.size() - i, ONE, 1, a.data()[i]);
    }
    return value_at(form.data(), form.size(), {b}, sum);
}

// integer(operation, a, b), all of them bytes; for tests
PyObject *module_integer(PyObject *, PyObject *args) {
    PyObject *given[3];
    Word words[3];
    if (!PyArg_ParseTuple(args, "SSS", given, given + 1, given + 2)) return nullptr;
    for (int k = 0; k < 3; k++)
        if (!bytes_of(given[k], words[k].start, words[k].length)) return nullptr;
    std::string result;
    if (!without_lock([&] { operation(words[0], integer_of(words[1]), integer_of(words[2])).append_hex(result); }))
        return nullptr;
    return PyBytes_FromStringAndSize(result.data(), Py_ssize_t(result.size()));
}

PyMethodDef MODULE_METHODS[] = {
    {"integer", module_integer, METH_VARARGS, "integer(operation, a, b): for tests"},
    {nullptr, nullptr, 0, nullptr},
};
PyModuleDef DEFINITION = {PyModuleDef_HEAD_INIT, "_checker", nullptr, 0, MODULE_METHODS,
                          nullptr, nullptr, nullptr, nullptr};

bool fill(PyObject *module) {
    // these are one for all modules, where the library is loaded more than once
    if (rejected == nullptr) rejected = PyErr_NewException("polyrelu.certificates._checker.Rejected", nullptr, nullptr);
    if (block_type == nullptr) block_type = reinterpret_cast<PyTypeObject *>(PyType_FromSpec(&BLOCK_SPEC));
    if (rejected == nullptr || block_type == nullptr) return false;
    PyObject *target = PyType_FromSpec(&TARGET_SPEC);
    const bool done = target != nullptr && PyModule_AddObjectRef(module, "Target", target) == 0 &&
                      PyModule_AddObjectRef(module, "Rejected", rejected) == 0 &&
                      PyModule_AddStringConstant(module, "SOURCES", POLYRELU_SOURCES) == 0;
    Py_XDECREF(target);
    return done;
}

} // namespace polyrelu_checker

PyMODINIT_FUNC PyInit__checker() {
    PyObject *module = PyModule_Create(&polyrelu_checker::DEFINITION);
    if (module == nullptr || polyrelu_checker::fill(module)) return module;
    Py_DecRef(module);
    return nullptr;
}
