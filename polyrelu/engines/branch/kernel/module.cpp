// The walk as a Python module: a class Walk, for one thread at a time.
//
// Arrays come as buffers, which are copied, and go as bytes. Only the limited API of Python 3.11 is used. The interpreter's
// lock is released while a walk goes on; it never calls Python, but pauses with a question.
#define POLYRELU_MODULE _walk
#include <Python.h>

#include <cstring>
#include <new>

#include "../../cells/kernel/identity.h"
#include "facets.h"
#include "walk.h"

namespace polyrelu {
namespace {

// What a walk is about, and the arrays that it looks at.
struct Owned {
    Problem problem;
    std::vector<std::unique_ptr<Floats>> floats;
};

struct WalkObject {
    PyObject_HEAD
    Owned *owned;
    Walk *walk;
    bool busy;
};

// Copies a contiguous buffer; false with an exception set. `count` is how many values there should be, negative for any.
template <class Vector> bool copy(PyObject *from, Vector &to, std::ptrdiff_t count = -1) {
    using Value = typename Vector::value_type;
    Py_buffer view;
    if (from == nullptr || PyObject_GetBuffer(from, &view, PyBUF_C_CONTIGUOUS) < 0) return false;
    const std::size_t length = std::size_t(view.len) / sizeof(Value);
    const bool fits = view.len % Py_ssize_t(sizeof(Value)) == 0 && (count < 0 || length == std::size_t(count));
    if (fits) {
        to.resize(length);
        if (length) std::memcpy(to.data(), view.buf, std::size_t(view.len));
    } else {
        PyErr_SetString(PyExc_ValueError, "walk: an array has the wrong length");
    }
    PyBuffer_Release(&view);
    return fits;
}

template <class Value> PyObject *bytes_of(const std::vector<Value> &values) {
    return PyBytes_FromStringAndSize(reinterpret_cast<const char *>(values.data()), Py_ssize_t(values.size() * sizeof(Value)));
}

bool read(Owned &owned, PyObject *from, const double *&to, std::ptrdiff_t count) {
    owned.floats.push_back(std::make_unique<Floats>());
    const bool done = copy(from, *owned.floats.back(), count);
    to = owned.floats.back()->data();
    return done;
}

// A layer from (weight, bias, neurons).
bool read(Owned &owned, PyObject *from, FloatLayer &to, int inputs) {
    PyObject *weight, *bias, *neurons;
    if (!PyArg_ParseTuple(from, "OOO", &weight, &bias, &neurons)) return false;
    if (!read(owned, bias, to.bias, -1) || !copy(neurons, to.neurons)) return false;
    to.inputs = inputs, to.outputs = int(owned.floats.back()->size());
    return read(owned, weight, to.weight, std::ptrdiff_t(to.inputs) * to.outputs);
}

bool read(PyObject *from, Forms &to, int dim) {
    PyObject *rows, *constants, *doubts;
    to.dim = dim;
    return PyArg_ParseTuple(from, "OOO", &rows, &constants, &doubts) && copy(constants, to.constants) &&
           copy(rows, to.rows, std::ptrdiff_t(to.constants.size()) * dim) &&
           copy(doubts, to.doubts, std::ptrdiff_t(to.constants.size()));
}

// A box from (low, high, inner low, inner high, moduli, factor).
bool read(Owned &owned, PyObject *from, Space &box, int dim) {
    PyObject *ends[5];
    box.dim = dim;
    if (!PyArg_ParseTuple(from, "OOOOOd", ends, ends + 1, ends + 2, ends + 3, ends + 4, &box.factor)) return false;
    const double **to[] = {&box.low, &box.high, &box.inner_low, &box.inner_high, &box.moduli};
    for (int i = 0; i < 5; i++)
        if (!read(owned, ends[i], *to[i], dim)) return false;
    return true;
}

bool read_problem(Owned &owned, int dim, PyObject *layers, PyObject *target, PyObject *space, PyObject *reach) {
    Problem &problem = owned.problem;
    if (!read(owned, space, problem.space, dim)) return false;
    int width = dim;
    for (Py_ssize_t i = 0; i < PyTuple_Size(layers); i++) {
        FloatLayer layer;
        if (!read(owned, PyTuple_GetItem(layers, i), layer, width)) return false;
        layer.first = problem.neurons;
        problem.neurons += int(layer.neurons.size());
        width = layer.outputs;
        problem.layers.push_back(layer);
    }
    return read(owned, target, problem.target, width) && copy(reach, problem.reach, problem.neurons);
}

// Walk(dim, layers, target, is_exact, space, rows, points, reach, fixes, asks_bounds, asks_rule, lies, dive)
PyObject *walk_new(PyTypeObject *type, PyObject *args, PyObject *) {
    PyObject *layers, *target, *space, *rows, *points, *reach;
    int dim, is_exact, fixes, asks_bounds, asks_rule;
    unsigned long long lies, dive;
    if (!PyArg_ParseTuple(args, "iO!OpOOOOpppKK", &dim, &PyTuple_Type, &layers, &target, &is_exact, &space, &rows, &points,
                          &reach, &fixes, &asks_bounds, &asks_rule, &lies, &dive))
        return nullptr;
    auto *allocate = reinterpret_cast<allocfunc>(PyType_GetSlot(type, Py_tp_alloc));
    PyObject *object = allocate(type, 0);
    if (object == nullptr) return nullptr;
    auto *self = reinterpret_cast<WalkObject *>(object);
    try {
        Forms own;
        Floats inside;
        self->owned = new Owned;
        Problem &problem = self->owned->problem;
        if (read_problem(*self->owned, dim, layers, target, space, reach) && read(rows, own, dim) && copy(points, inside)) {
            problem.is_exact = is_exact, problem.fixes = fixes;
            problem.asks_bounds = asks_bounds, problem.asks_rule = asks_rule;
            self->walk = new Walk(problem, lies, dive);
            self->walk->begin(own, inside);
            return object;
        }
    } catch (const std::bad_alloc &) {
        PyErr_NoMemory();
    }
    Py_DecRef(object);
    return nullptr;
}

void walk_free(PyObject *object) {
    auto *self = reinterpret_cast<WalkObject *>(object);
    delete self->walk;
    delete self->owned;
    PyTypeObject *type = Py_TYPE(object);
    reinterpret_cast<freefunc>(PyType_GetSlot(type, Py_tp_free))(object);
    Py_DecRef(reinterpret_cast<PyObject *>(type));
}

Walk *walk_of(PyObject *object) {
    auto *self = reinterpret_cast<WalkObject *>(object);
    if (!self->busy) return self->walk;
    PyErr_SetString(PyExc_RuntimeError, "walk: it goes on for one thread at a time");
    return nullptr;
}

PyObject *nothing() {
    Py_IncRef(Py_None);
    return Py_None;
}

// advance(most): why it paused
PyObject *walk_advance(PyObject *object, PyObject *args) {
    auto *self = reinterpret_cast<WalkObject *>(object);
    long long most = 0;
    Walk *walk = walk_of(object);
    if (walk == nullptr || !PyArg_ParseTuple(args, "L", &most)) return nullptr;
    Pause pause = DONE;
    bool no_room = false;
    self->busy = true;
    PyThreadState *thread = PyEval_SaveThread();
    try {
        pause = walk->advance(most);
    } catch (const std::bad_alloc &) {
        no_room = true;
    }
    PyEval_RestoreThread(thread);
    self->busy = false;
    return no_room ? PyErr_NoMemory() : PyLong_FromLong(pause);
}

// found(): signs, splits, whether in doubt, and points of the tiles that were found and not forgotten
PyObject *walk_found(PyObject *object, PyObject *) {
    Walk *walk = walk_of(object);
    if (walk == nullptr) return nullptr;
    const Tiles &tiles = walk->tiles;
    return Py_BuildValue("(NNNN)", bytes_of(tiles.signs), bytes_of(tiles.splits), bytes_of(tiles.in_doubt),
                         bytes_of(tiles.points));
}

// forget(): the tiles that were found are with whoever asked
PyObject *walk_forget(PyObject *object, PyObject *) {
    Walk *walk = walk_of(object);
    if (walk == nullptr) return nullptr;
    walk->tiles.clear();
    return nothing();
}

// cell(): of the cell that asks: depth, signs, splits, the layer's signs, the neuron and the side that are asked about,
// points inside, what enters the layer's neurons there, and their doubts and bounds
PyObject *walk_cell(PyObject *object, PyObject *) {
    Walk *walk = walk_of(object);
    if (walk == nullptr) return nullptr;
    if (walk->waiting().empty()) return nothing();
    const Node &node = walk->asking();
    Floats doubts;
    for (const int i : walk->problem().layers[std::size_t(node.depth)].neurons)
        doubts.push_back(node.entered->doubts[std::size_t(i)]);
    return Py_BuildValue("(iNNNiiNNNNN)", node.depth, bytes_of(node.signs), bytes_of(node.splits), bytes_of(node.own),
                         node.asked, walk->side_asked(), bytes_of(node.points), bytes_of(node.values), bytes_of(doubts),
                         bytes_of(node.least), bytes_of(node.most));
}

// forms(): of the cell that asks: its rows, constants and doubts, those of what enters its layer, and its box
PyObject *walk_forms(PyObject *object, PyObject *) {
    Walk *walk = walk_of(object);
    if (walk == nullptr) return nullptr;
    if (walk->waiting().empty()) return nothing();
    const Node &node = walk->asking();
    const Forms &rows = node.rows, &entered = *node.entered;
    return Py_BuildValue("(NNNNNNNN)", bytes_of(rows.rows), bytes_of(rows.constants), bytes_of(rows.doubts),
                         bytes_of(entered.rows), bytes_of(entered.constants), bytes_of(entered.doubts), bytes_of(node.low),
                         bytes_of(node.high));
}

// batch(): of the cells whose bounds are asked for: the depth, and for each its box, its signs, and which bounds are known
PyObject *walk_batch(PyObject *object, PyObject *) {
    Walk *walk = walk_of(object);
    if (walk == nullptr) return nullptr;
    Floats low, high;
    Bytes signs;
    std::vector<int> known;
    int depth = 0;
    for (const auto &node : walk->batch()) {
        depth = node->depth;
        low.insert(low.end(), node->low.begin(), node->low.end());
        high.insert(high.end(), node->high.begin(), node->high.end());
        signs.insert(signs.end(), node->signs.begin(), node->signs.end());
        known.push_back(node->known_depth), known.push_back(node->known);
    }
    return Py_BuildValue("(iNNNN)", depth, bytes_of(low), bytes_of(high), bytes_of(signs), bytes_of(known));
}

// waiting(): of all cells that are not done: depth, signs, splits and the layer's signs
PyObject *walk_waiting(PyObject *object, PyObject *) {
    Walk *walk = walk_of(object);
    PyObject *list = walk == nullptr ? nullptr : PyList_New(0);
    if (list == nullptr) return nullptr;
    for (const auto *nodes : {&walk->waiting(), &walk->batch()})
        for (const auto &node : *nodes) {
            PyObject *cell = Py_BuildValue("(iNNN)", node->depth, bytes_of(node->signs), bytes_of(node->splits),
                                           bytes_of(node->own));
            if (cell == nullptr || PyList_Append(list, cell) < 0) {
                if (cell != nullptr) Py_DecRef(cell);
                Py_DecRef(list);
                return nullptr;
            }
            Py_DecRef(cell);
        }
    return list;
}

// choose(neuron): the answer to a rule's question
PyObject *walk_choose(PyObject *object, PyObject *args) {
    int neuron = 0;
    Walk *walk = walk_of(object);
    if (walk == nullptr || !PyArg_ParseTuple(args, "i", &neuron)) return nullptr;
    if (neuron < 0 || std::size_t(neuron) >= walk->asking().own.size() || walk->asking().own[std::size_t(neuron)]) {
        PyErr_SetString(PyExc_ValueError, "walk: a rule chose a neuron that is not open");
        return nullptr;
    }
    walk->choose(neuron);
    return nothing();
}

// decide(is_there): the exact answer
PyObject *walk_decide(PyObject *object, PyObject *args) {
    int is_there = 0;
    Walk *walk = walk_of(object);
    if (walk == nullptr || !PyArg_ParseTuple(args, "p", &is_there)) return nullptr;
    walk->decide(is_there != 0);
    return nothing();
}

// bound(misses, signs): of all cells of the batch
PyObject *walk_bound(PyObject *object, PyObject *args) {
    PyObject *of_misses, *of_signs;
    Bytes misses;
    std::vector<std::int8_t> signs;
    Walk *walk = walk_of(object);
    if (walk == nullptr || !PyArg_ParseTuple(args, "OO", &of_misses, &of_signs)) return nullptr;
    const std::size_t count = walk->batch().size(), neurons = count ? walk->batch().front()->own.size() : 0;
    if (!copy(of_misses, misses, std::ptrdiff_t(count)) || !copy(of_signs, signs, std::ptrdiff_t(count * neurons)))
        return nullptr;
    if (count) walk->bound(misses.data(), signs.data());
    return nothing();
}

// estimate(): by a dive, how many nodes a walk has
PyObject *walk_estimate(PyObject *object, PyObject *) {
    Walk *walk = walk_of(object);
    return walk == nullptr ? nullptr : PyFloat_FromDouble(walk->estimate);
}

// counters(): cuts, nodes, fixed, pruned, discarded, programs
PyObject *walk_counters(PyObject *object, PyObject *) {
    Walk *walk = walk_of(object);
    if (walk == nullptr) return nullptr;
    const long long *c = walk->counts;
    return Py_BuildValue("(LLLLLL)", c[Walk::CUTS], c[Walk::NODES], c[Walk::FIXED], c[Walk::PRUNED], c[Walk::DISCARDED],
                         walk->programs());
}

PyMethodDef METHODS[] = {
    {"advance", walk_advance, METH_VARARGS, nullptr}, {"found", walk_found, METH_NOARGS, nullptr},
    {"forget", walk_forget, METH_NOARGS, nullptr},
    {"cell", walk_cell, METH_NOARGS, nullptr},        {"forms", walk_forms, METH_NOARGS, nullptr},
    {"batch", walk_batch, METH_NOARGS, nullptr},      {"waiting", walk_waiting, METH_NOARGS, nullptr},
    {"choose", walk_choose, METH_VARARGS, nullptr},   {"decide", walk_decide, METH_VARARGS, nullptr},
    {"bound", walk_bound, METH_VARARGS, nullptr},     {"estimate", walk_estimate, METH_NOARGS, nullptr},
    {"counters", walk_counters, METH_NOARGS, nullptr},
    {nullptr, nullptr, 0, nullptr},
};

PyType_Slot SLOTS[] = {
    {Py_tp_new, reinterpret_cast<void *>(walk_new)},
    {Py_tp_dealloc, reinterpret_cast<void *>(walk_free)},
    {Py_tp_methods, METHODS},
    {0, nullptr},
};

PyType_Spec SPEC = {"polyrelu.engines.branch._walk.Walk", sizeof(WalkObject), 0, Py_TPFLAGS_DEFAULT, SLOTS};

// facets(dim, space, rows, sides, point, beyond): for each row whether it is a facet, 1, or not, 2, nor touches the set, 3,
// or in doubt, 4
PyObject *module_facets(PyObject *, PyObject *args) {
    PyObject *of_space, *of_rows, *of_sides, *of_point, *of_beyond;
    int dim = 0;
    if (!PyArg_ParseTuple(args, "iOOOOO", &dim, &of_space, &of_rows, &of_sides, &of_point, &of_beyond)) return nullptr;
    try {
        Owned owned;
        Forms rows;
        Floats point, beyond;
        std::vector<int> sides;
        Space &space = owned.problem.space;
        if (read(owned, of_space, space, dim) && read(of_rows, rows, dim) && copy(of_sides, sides, rows.count()) &&
            copy(of_point, point, dim) && copy(of_beyond, beyond, dim))
            return bytes_of(Facets(rows, sides, point, space, beyond).found());
    } catch (const std::bad_alloc &) {
        PyErr_NoMemory();
    }
    return nullptr;
}

PyMethodDef FUNCTIONS[] = {
    {"facets", module_facets, METH_VARARGS, nullptr},
    {nullptr, nullptr, 0, nullptr},
};

PyModuleDef DEFINITION = {PyModuleDef_HEAD_INIT, POLYRELU_NAME, nullptr, 0, FUNCTIONS, nullptr, nullptr, nullptr, nullptr};

} // namespace
} // namespace polyrelu

PyMODINIT_FUNC POLYRELU_INIT() {
    PyObject *module = PyModule_Create(&polyrelu::DEFINITION);
    PyObject *walk = module == nullptr ? nullptr : PyType_FromSpec(&polyrelu::SPEC);
    const bool done = walk != nullptr && PyModule_AddObjectRef(module, "Walk", walk) == 0 && polyrelu::add_identity(module) == 0;
    if (walk != nullptr) Py_DecRef(walk);
    if (done) return module;
    if (module != nullptr) Py_DecRef(module);
    return nullptr;
}
