// The splitting of boxes as a Python class: Boxes, for any number of threads at a time.
#pragma once

#include "boxes.h"
#include "buffers.h"

namespace polyrelu {

constexpr int NETWORK_COLUMNS = 6;

struct BoxesObject {
    PyObject_HEAD
    Buffer *buffers;
    Problem<double> *problem;
    Boxes *boxes;
};

// Boxes(columns, inputs, ripe, most_columns): columns are weights (transposed), weight_start, biases, coord_start,
// weight_error and relu, as those of a Kernel, but in the network's own units.
inline PyObject *boxes_new(PyTypeObject *type, PyObject *args, PyObject *) {
    PyObject *columns = nullptr;
    int inputs = 0, ripe = 0, most = 0;
    if (!PyArg_ParseTuple(args, "Oiii", &columns, &inputs, &ripe, &most)) return nullptr;
    if (PyTuple_Size(columns) != NETWORK_COLUMNS || inputs < 0) {
        if (!PyErr_Occurred()) PyErr_SetString(PyExc_ValueError, "boxes: this is no network");
        return nullptr;
    }
    auto *allocate = reinterpret_cast<allocfunc>(PyType_GetSlot(type, Py_tp_alloc));
    PyObject *object = allocate(type, 0);
    if (object == nullptr) return nullptr;
    auto *self = reinterpret_cast<BoxesObject *>(object);
    try {
        self->buffers = new Buffer[NETWORK_COLUMNS];
        self->problem = new Problem<double>;
        Problem<double> &P = *self->problem;
        P.dim = inputs + 1;
        int k = 0;
        const auto read = [&](auto &to) {
            PyObject *column = PyTuple_GetItem(columns, k);
            return column != nullptr && self->buffers[k++].read(column, to);
        };
        if (read(P.weights) && read(P.weight_start) && read(P.biases) && read(P.coord_start) && read(P.weight_error) &&
            read(P.relu)) {
            P.target_layer = P.layers();
            self->boxes = new Boxes(P, ripe, most);
        }
    } catch (const std::bad_alloc &) {
        PyErr_NoMemory();
    }
    if (self->boxes != nullptr) return object;
    Py_DecRef(object);
    return nullptr;
}

inline void boxes_free(PyObject *object) {
    auto *self = reinterpret_cast<BoxesObject *>(object);
    delete self->boxes;
    delete self->problem;
    delete[] self->buffers;
    PyTypeObject *type = Py_TYPE(object);
    reinterpret_cast<freefunc>(PyType_GetSlot(type, Py_tp_free))(object);
    Py_DecRef(reinterpret_cast<PyObject *>(type));
}

// put(weights, biases, equality, ends): a case, whose rows are transposed, and its boxes, low and high of each
inline PyObject *boxes_put(PyObject *object, PyObject *args) {
    auto *self = reinterpret_cast<BoxesObject *>(object);
    PyObject *columns[4];
    if (!PyArg_ParseTuple(args, "OOOO", columns, columns + 1, columns + 2, columns + 3)) return nullptr;
    Buffer buffers[4];
    View<double> weights, biases, ends;
    View<u8> equality;
    if (!(buffers[0].read(columns[0], weights) && buffers[1].read(columns[1], biases) &&
          buffers[2].read(columns[2], equality) && buffers[3].read(columns[3], ends)))
        return nullptr;
    const Problem<double> &P = *self->problem;
    const std::size_t last = std::size_t(P.layers()) - 1, d = std::size_t(P.dim) - 1;
    const std::size_t outputs = std::size_t(P.coord_start[last + 1] - P.coord_start[last]);
    if (weights.length != outputs * biases.length || equality.length != biases.length || (d > 0 && ends.length % (2 * d))) {
        PyErr_SetString(PyExc_ValueError, "boxes: the columns of a case do not belong together");
        return nullptr;
    }
    try {
        const i32 number = self->boxes->add_case(weights.start, biases.start, equality.start, int(biases.length), int(outputs));
        for (std::size_t k = 0; d > 0 && k < ends.length; k += 2 * d)
            self->boxes->put(number, ends.start + k, ends.start + k + d);
        return PyLong_FromLong(number);
    } catch (const std::bad_alloc &) {
        return PyErr_NoMemory();
    }
}

// advance(boxes, seconds): why it paused
inline PyObject *boxes_advance(PyObject *object, PyObject *args) {
    auto *self = reinterpret_cast<BoxesObject *>(object);
    long long boxes = 0;
    double seconds = 0.0;
    if (!PyArg_ParseTuple(args, "Ld", &boxes, &seconds)) return nullptr;
    Boxes::Pause pause = Boxes::DONE;
    bool no_room = false;
    PyThreadState *thread = PyEval_SaveThread();
    try {
        pause = self->boxes->advance(boxes, seconds);
    } catch (const std::bad_alloc &) {
        no_room = true;
    }
    PyEval_RestoreThread(thread);
    if (no_room) return PyErr_NoMemory();
    return PyLong_FromLong(pause);
}

// give(all): the cases and ends of leaves, and the cases and coordinates of points, since it was last asked
inline PyObject *boxes_give(PyObject *object, PyObject *args) {
    auto *self = reinterpret_cast<BoxesObject *>(object);
    int all = 0;
    if (!PyArg_ParseTuple(args, "p", &all)) return nullptr;
    try {
        Places leaves, points;
        self->boxes->give(leaves, points, all != 0);
        const std::size_t d = std::size_t(self->problem->dim) - 1;
        PyObject *list = PyList_New(0);
        if (list == nullptr) return nullptr;
        if (append(list, bytes_of(leaves.of_case, leaves.count)) && append(list, bytes_of(leaves.ends, leaves.count * 2 * d)) &&
            append(list, bytes_of(points.of_case, points.count)) && append(list, bytes_of(points.ends, points.count * d)))
            return list;
        Py_DecRef(list);
        return nullptr;
    } catch (const std::bad_alloc &) {
        return PyErr_NoMemory();
    }
}

// be_quiet(): no more points are wanted
inline PyObject *boxes_be_quiet(PyObject *object, PyObject *) {
    reinterpret_cast<BoxesObject *>(object)->boxes->be_quiet();
    Py_IncRef(Py_None);
    return Py_None;
}

// counters(): how many boxes were bounded, how many of them excluded, and how many wait
inline PyObject *boxes_counters(PyObject *object, PyObject *) {
    Boxes &boxes = *reinterpret_cast<BoxesObject *>(object)->boxes;
    return Py_BuildValue("(LLL)", (long long)boxes.bounded(), (long long)boxes.excluded(), (long long)boxes.waiting());
}

// enclosed(low, high, weights, biases, equality): for tests, the bounds of all layers' coordinates and of a case's rows on a
// box, whether it is seen to miss the target, and how many neurons may switch; None where numbers are too large
inline PyObject *boxes_enclosed(PyObject *object, PyObject *args) {
    auto *self = reinterpret_cast<BoxesObject *>(object);
    PyObject *columns[5];
    if (!PyArg_ParseTuple(args, "OOOOO", columns, columns + 1, columns + 2, columns + 3, columns + 4)) return nullptr;
    Buffer buffers[5];
    View<double> low, high, weights, biases;
    View<u8> equality;
    if (!(buffers[0].read(columns[0], low) && buffers[1].read(columns[1], high) && buffers[2].read(columns[2], weights) &&
          buffers[3].read(columns[3], biases) && buffers[4].read(columns[4], equality)))
        return nullptr;
    try {
        const Problem<double> &P = *self->problem;
        Zonotope<double> Z(P);
        Combination<double> C(P, Z);
        const Conditions<double> asked{weights.start, biases.start, equality.start, int(biases.length)};
        if (!Z.enclose(low.start, high.start, INT32_MAX) || !C.enclose(asked)) {
            Py_IncRef(Py_None);
            return Py_None;
        }
        const std::size_t coords = std::size_t(P.coords()), rows = biases.length;
        Array<double> from(coords + rows + 1), to(coords + rows + 1);
        for (std::size_t i = 0; i < coords; i++) from[i] = Z.low(i64(i)), to[i] = Z.high(i64(i));
        for (std::size_t r = 0; r < rows; r++) from[coords + r] = C.row_low(int(r)), to[coords + r] = C.row_high(int(r));
        const bool misses = C.misses(asked.equality);
        PyObject *list = PyList_New(0);
        if (list == nullptr) return nullptr;
        if (append(list, bytes_of(from, coords + rows)) && append(list, bytes_of(to, coords + rows)) &&
            append(list, PyBool_FromLong(misses)) && append(list, PyLong_FromLong(Z.crossing())))
            return list;
        Py_DecRef(list);
        return nullptr;
    } catch (const std::bad_alloc &) {
        return PyErr_NoMemory();
    }
}

inline PyMethodDef BOXES_METHODS[] = {
    {"put", boxes_put, METH_VARARGS, nullptr},
    {"advance", boxes_advance, METH_VARARGS, nullptr},
    {"give", boxes_give, METH_VARARGS, nullptr},
    {"be_quiet", boxes_be_quiet, METH_NOARGS, nullptr},
    {"counters", boxes_counters, METH_NOARGS, nullptr},
    {"enclosed", boxes_enclosed, METH_VARARGS, nullptr},
    {nullptr, nullptr, 0, nullptr},
};

inline PyType_Slot BOXES_SLOTS[] = {
    {Py_tp_new, reinterpret_cast<void *>(boxes_new)},
    {Py_tp_dealloc, reinterpret_cast<void *>(boxes_free)},
    {Py_tp_methods, BOXES_METHODS},
    {0, nullptr},
};

inline PyType_Spec BOXES_SPEC = {"polyrelu.engines.cells._kernel.Boxes", sizeof(BoxesObject), 0, Py_TPFLAGS_DEFAULT,
                                 BOXES_SLOTS};

} // namespace polyrelu
