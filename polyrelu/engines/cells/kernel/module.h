// The kernel as a Python module: a class Kernel, which is a run on a problem, for one thread at a time; and the class of
// boxes_module.h.
//
// Arrays come and go as buffers; columns that are handed out are bytes, which numpy reads without a copy. Only the limited
// API of Python 3.11 is used, so one library serves all later versions. The interpreter's lock is released while a run
// works, and taken for exact questions, which are a Python call; an exception there, Ctrl-C included, stops the run, and is
// raised by the call that made it work. Nothing is lost then: the run can go on.
#pragma once

#include <Python.h>

#include "boxes_module.h"
#include "identity.h"
#include "order.h"
#include "run.h"
#include "tiles_module.h"

namespace polyrelu {

struct KernelObject {
    PyObject_HEAD
    Buffer *buffers;
    Problem<double> *problem;
    Rows *rows; // where evidence is wanted
    AnyRun *run;
    PyObject *ask;
    PyThreadState *thread; // of who called, while it works without the interpreter's lock
    int words;
    Wanted wanted;
    bool busy;
};

// Asks Python. The answer is a tuple: the generator's entries, r, and the signs, one byte each.
inline bool ask_python(void *who, const Question &q) {
    auto *self = static_cast<KernelObject *>(who);
    PyEval_RestoreThread(self->thread);
    const Problem<double> &P = *self->problem;
    bool done = false;
    PyObject *signs = bytes_of(q.signs, std::size_t(P.sites())),
             *on = bytes_of(q.on, std::size_t(q.on_count) * sizeof(i32)),
             *off = bytes_of(q.off, std::size_t(q.off_count) * sizeof(i32)),
             *sites = bytes_of(q.sites, std::size_t(q.site_count) * sizeof(i32)), *answer = nullptr;
    if (signs && on && off && sites) answer = PyObject_CallFunctionObjArgs(self->ask, signs, on, off, sites, nullptr);
    if (answer != nullptr) {
        PyObject *vector = nullptr, *told = nullptr;
        if (PyArg_ParseTuple(answer, "OdO", &vector, q.radius, &told)) {
            Buffer of_vector, of_signs;
            View<double> entries;
            View<i8> values;
            if (of_vector.read(vector, entries) && of_signs.read(told, values)) {
                done = entries.length == std::size_t(P.dim) && values.length == std::size_t(q.site_count);
                if (done) {
                    std::memcpy(q.vector, entries.start, entries.length * sizeof(double));
                    std::memcpy(q.answers, values.start, values.length);
                } else {
                    PyErr_SetString(PyExc_ValueError, "kernel: an exact answer has the wrong length");
                }
            }
        }
        Py_DecRef(answer);
    }
    for (PyObject *object : {signs, on, off, sites})
        if (object != nullptr) Py_DecRef(object);
    self->thread = PyEval_SaveThread();
    return done;
}

inline bool is_free(KernelObject *self) {
    if (!self->busy && self->run != nullptr) return true;
    PyErr_SetString(PyExc_RuntimeError, "kernel: a run works for one thread at a time");
    return false;
}

// Kernel(columns, dim, neurons, target_layer, words, generators, extents, shares, ask, rows, prunes): rows is None unless
// evidence is wanted.
inline PyObject *kernel_new(PyTypeObject *type, PyObject *args, PyObject *) {
    PyObject *columns = nullptr, *ask = nullptr, *rows = nullptr;
    int dim = 0, neurons = 0, target_layer = 0, words = 0, generators = 0, extents = 0, shares = 0, prunes = 0;
    if (!PyArg_ParseTuple(args, "OiiiipppOOp", &columns, &dim, &neurons, &target_layer, &words, &generators, &extents,
                          &shares, &ask, &rows, &prunes))
        return nullptr;
    if (dim < 1 || words < 1) {
        PyErr_SetString(PyExc_ValueError, "kernel: this is no problem");
        return nullptr;
    }
    auto *allocate = reinterpret_cast<allocfunc>(PyType_GetSlot(type, Py_tp_alloc));
    PyObject *object = allocate(type, 0);
    if (object == nullptr) return nullptr;
    auto *self = reinterpret_cast<KernelObject *>(object);
    try {
        self->buffers = new Buffer[PROBLEM_COLUMNS + 1];
        self->problem = new Problem<double>;
        Problem<double> &P = *self->problem;
        P.dim = dim;
        P.neurons = neurons;
        P.target_layer = target_layer;
        bool read_all = read_problem(columns, self->buffers, P);
        if (read_all && rows != Py_None) {
            self->rows = new Rows;
            self->rows->prunes = prunes != 0;
            read_all = self->buffers[PROBLEM_COLUMNS].read(rows, self->rows->of_facets);
            if (read_all && self->rows->of_facets.length != std::size_t(P.domain_facets()) + 1) {
                PyErr_SetString(PyExc_ValueError, "kernel: a row is needed for each facet of the domain, and one for infinity");
                read_all = false;
            }
        }
        self->wanted = {generators != 0, extents != 0, self->rows};
        if (read_all) self->run = new_run(P, words, self->wanted, ask_python, self);
    } catch (const std::bad_alloc &) {
        PyErr_NoMemory();
    }
    if (self->run == nullptr) {
        Py_DecRef(object);
        return nullptr;
    }
    self->run->shares(shares != 0);
    self->words = words;
    Py_IncRef(ask);
    self->ask = ask;
    return object;
}

inline void kernel_free(PyObject *object) {
    auto *self = reinterpret_cast<KernelObject *>(object);
    delete self->run;
    delete self->problem;
    delete self->rows;
    delete[] self->buffers;
    if (self->ask != nullptr) Py_DecRef(self->ask);
    PyTypeObject *type = Py_TYPE(object);
    reinterpret_cast<freefunc>(PyType_GetSlot(type, Py_tp_free))(object);
    Py_DecRef(reinterpret_cast<PyObject *>(type));
}

template <class Value> bool copy_to(Array<Value> &to, const View<Value> &from) {
    to.room(from.length + 1);
    if (from.length > 0) std::memcpy(to.data(), from.start, from.length * sizeof(Value));
    return true;
}

// put(numbers, depth, signs, slots, start, size, vectors, radius, solved, tight)
inline PyObject *kernel_put(PyObject *object, PyObject *args) {
    auto *self = reinterpret_cast<KernelObject *>(object);
    PyObject *columns[10];
    if (!is_free(self)) return nullptr;
    if (!PyArg_ParseTuple(args, "OOOOOOOOOO", columns, columns + 1, columns + 2, columns + 3, columns + 4, columns + 5,
                          columns + 6, columns + 7, columns + 8, columns + 9))
        return nullptr;
    Buffer buffers[10];
    View<i64> numbers, depth, start, size;
    View<u8> signs, solved;
    View<i32> slots;
    View<double> vectors, radius;
    View<u64> tight;
    if (!(buffers[0].read(columns[0], numbers) && buffers[1].read(columns[1], depth) &&
          buffers[2].read(columns[2], signs) && buffers[3].read(columns[3], slots) && buffers[4].read(columns[4], start) &&
          buffers[5].read(columns[5], size) && buffers[6].read(columns[6], vectors) &&
          buffers[7].read(columns[7], radius) && buffers[8].read(columns[8], solved) && buffers[9].read(columns[9], tight)))
        return nullptr;
    try {
        Portable cells;
        copy_to(cells.depth, depth), copy_to(cells.signs, signs), copy_to(cells.slots, slots), copy_to(cells.start, start);
        copy_to(cells.size, size), copy_to(cells.vectors, vectors), copy_to(cells.radius, radius);
        copy_to(cells.solved, solved), copy_to(cells.tight, tight);
        for (std::size_t k = 0; k < numbers.length; k++) self->run->put(cells, std::size_t(numbers[k]));
    } catch (const std::bad_alloc &) {
        return PyErr_NoMemory();
    }
    Py_IncRef(Py_None);
    return Py_None;
}

// advance(cuts, seconds): why it paused
inline PyObject *kernel_advance(PyObject *object, PyObject *args) {
    auto *self = reinterpret_cast<KernelObject *>(object);
    long long cuts = 0;
    double seconds = 0.0;
    if (!is_free(self) || !PyArg_ParseTuple(args, "Ld", &cuts, &seconds)) return nullptr;
    self->busy = true;
    Pause pause = DONE;
    bool no_room = false;
    self->thread = PyEval_SaveThread();
    try {
        pause = self->run->advance(cuts, seconds);
    } catch (const std::bad_alloc &) {
        no_room = true;
    }
    PyEval_RestoreThread(self->thread);
    self->busy = false;
    if (no_room) return PyErr_NoMemory();
    if (pause == FAILED) return nullptr;
    return PyLong_FromLong(pause);
}

// found(): what was found since it was last asked, as columns
inline PyObject *kernel_found(PyObject *object, PyObject *) {
    auto *self = reinterpret_cast<KernelObject *>(object);
    if (!is_free(self)) return nullptr;
    Finished &full = self->run->finished();
    Flat &flat = self->run->flat();
    Kept &kept = self->run->kept();
    const Problem<double> &P = *self->problem;
    const std::size_t n = full.count, m = flat.count, bytes = std::size_t(P.bytes()), dim = std::size_t(P.dim);
    const Extents &extents = self->run->extents();
    const bool keeps = self->wanted.generators;
    const std::size_t measured = self->wanted.extents && dim > 1 ? n : 0;
    const std::size_t g = keeps ? std::size_t(kept.start[n]) : 0;
    PyObject *list = PyList_New(0);
    if (list == nullptr) return nullptr;
    self->busy = true;
    const bool done =
        append(list, bytes_apart(full.packed, n * bytes)) && append(list, bytes_apart(full.start, n + 1)) &&
        append(list, bytes_apart(full.facets, std::size_t(full.start[n]))) &&
        append(list, bytes_apart(full.points, n * (dim - 1))) && append(list, bytes_apart(flat.packed, m * bytes)) &&
        append(list, bytes_apart(flat.dim, m)) && append(list, bytes_apart(flat.is_face, m)) &&
        append(list, bytes_apart(flat.containing, m)) && append(list, bytes_apart(flat.start, m + 1)) &&
        append(list, bytes_apart(flat.facets, std::size_t(flat.start[m]))) &&
        append(list, bytes_apart(kept.start, keeps ? n + 1 : 1)) && append(list, bytes_apart(kept.vectors, g * dim)) &&
        append(list, bytes_apart(kept.radius, g)) &&
        append(list, bytes_apart(kept.tight, g * std::size_t(self->words))) &&
        append(list, bytes_apart(extents.volume_low, measured)) &&
        append(list, bytes_apart(extents.volume_high, measured)) &&
        append(list, bytes_apart(extents.box_low, measured * (dim - 1))) &&
        append(list, bytes_apart(extents.box_high, measured * (dim - 1)));
    self->busy = false;
    if (!done) {
        Py_DecRef(list);
        return nullptr;
    }
    full.count = flat.count = 0; // the first places of `start` are zero
    return list;
}

// lines(whole_blocks): the lines of cells that were listed since it was last asked, as evidence
inline PyObject *kernel_lines(PyObject *object, PyObject *args) {
    auto *self = reinterpret_cast<KernelObject *>(object);
    int whole_blocks = 0;
    if (!is_free(self) || !PyArg_ParseTuple(args, "p", &whole_blocks)) return nullptr;
    RowsWriter *writer = self->run->writer();
    if (writer == nullptr) return PyBytes_FromStringAndSize(nullptr, 0);
    const std::size_t length = writer->length(whole_blocks != 0);
    PyObject *lines = bytes_of(writer->text(), length);
    if (lines != nullptr) writer->drop(length);
    return lines;
}

// give(all, accurate): cells for another run, as columns: the one that waited longest, or all that is left to do; with
// generators as accurate as they get, or as they are
inline PyObject *kernel_give(PyObject *object, PyObject *args) {
    auto *self = reinterpret_cast<KernelObject *>(object);
    int all = 0, accurate = 0;
    if (!is_free(self) || !PyArg_ParseTuple(args, "pp", &all, &accurate)) return nullptr;
    const Problem<double> &P = *self->problem;
    const std::size_t sites = std::size_t(P.sites()), words = std::size_t(self->words), dim = std::size_t(P.dim);
    Portable cells;
    bool no_room = false, failed = false;
    self->busy = true;
    self->thread = PyEval_SaveThread();
    try {
        self->run->accurate(accurate != 0);
        if (all) failed = self->run->give_all(cells) == FAILED;
        else self->run->give(cells);
    } catch (const std::bad_alloc &) {
        no_room = true;
    }
    PyEval_RestoreThread(self->thread);
    self->busy = false;
    if (no_room) return PyErr_NoMemory();
    if (failed) return nullptr;
    PyObject *list = PyList_New(0);
    if (list == nullptr) return nullptr;
    const std::size_t n = cells.count, g = cells.generators;
    const bool done = append(list, bytes_of(cells.depth, n)) && append(list, bytes_of(cells.signs, n * sites)) &&
                      append(list, bytes_of(cells.slots, n * 64 * words)) && append(list, bytes_of(cells.start, n)) &&
                      append(list, bytes_of(cells.size, n)) && append(list, bytes_of(cells.vectors, g * dim)) &&
                      append(list, bytes_of(cells.radius, g)) && append(list, bytes_of(cells.solved, g)) &&
                      append(list, bytes_of(cells.tight, g * words));
    if (done) return list;
    Py_DecRef(list);
    return nullptr;
}

// share(asked): whether it is to pause as soon as it has a cell to give; any thread may say so at any time
inline PyObject *kernel_share(PyObject *object, PyObject *args) {
    auto *self = reinterpret_cast<KernelObject *>(object);
    int asked = 0;
    if (!PyArg_ParseTuple(args, "p", &asked)) return nullptr;
    self->run->share(asked != 0);
    Py_IncRef(Py_None);
    return Py_None;
}

// force_back(one_in): for tests, let one patch in so many go the general way; 0 for none
inline PyObject *kernel_force_back(PyObject *object, PyObject *args) {
    auto *self = reinterpret_cast<KernelObject *>(object);
    unsigned long long one_in = 0;
    if (!is_free(self) || !PyArg_ParseTuple(args, "K", &one_in)) return nullptr;
    self->run->force_back(one_in);
    Py_IncRef(Py_None);
    return Py_None;
}

// keep_within(first, last): find nothing but tiles with patterns from the one to the other, in their order
inline PyObject *kernel_keep_within(PyObject *object, PyObject *args) {
    auto *self = reinterpret_cast<KernelObject *>(object);
    PyObject *ends[2];
    if (!is_free(self) || !PyArg_ParseTuple(args, "OO", ends, ends + 1)) return nullptr;
    Buffer buffers[2];
    View<u8> first, last;
    if (!buffers[0].read(ends[0], first) || !buffers[1].read(ends[1], last)) return nullptr;
    const std::size_t bytes = std::size_t(self->problem->bytes());
    if (first.length != bytes || last.length != bytes) {
        PyErr_SetString(PyExc_ValueError, "kernel: patterns have a bit for each neuron");
        return nullptr;
    }
    try {
        self->run->keep_within(first.start, last.start);
    } catch (const std::bad_alloc &) {
        return PyErr_NoMemory();
    }
    Py_IncRef(Py_None);
    return Py_None;
}

// counters(): cells, cuts, signs, solves, flat, discarded, pruned, exact, skeletons, fallbacks, bounded, excluded. While a run
// works these are what they happen to be.
inline PyObject *kernel_counters(PyObject *object, PyObject *) {
    const Shown &c = reinterpret_cast<KernelObject *>(object)->run->counters();
    return Py_BuildValue("(LLLLLLLLLLLL)", (long long)c[0], (long long)c[1], (long long)c[2], (long long)c[3], (long long)c[4],
                         (long long)c[5], (long long)c[6], (long long)c[7], (long long)c[8], (long long)c[9],
                         (long long)c[10], (long long)c[11]);
}

inline PyMethodDef KERNEL_METHODS[] = {
    {"put", kernel_put, METH_VARARGS, nullptr},
    {"advance", kernel_advance, METH_VARARGS, nullptr},
    {"found", kernel_found, METH_NOARGS, nullptr},
    {"lines", kernel_lines, METH_VARARGS, nullptr},
    {"give", kernel_give, METH_VARARGS, nullptr},
    {"share", kernel_share, METH_VARARGS, nullptr},
    {"force_back", kernel_force_back, METH_VARARGS, nullptr},
    {"keep_within", kernel_keep_within, METH_VARARGS, nullptr},
    {"counters", kernel_counters, METH_NOARGS, nullptr},
    {nullptr, nullptr, 0, nullptr},
};

inline PyType_Slot KERNEL_SLOTS[] = {
    {Py_tp_new, reinterpret_cast<void *>(kernel_new)},
    {Py_tp_dealloc, reinterpret_cast<void *>(kernel_free)},
    {Py_tp_methods, KERNEL_METHODS},
    {0, nullptr},
};

inline PyType_Spec KERNEL_SPEC = {"polyrelu.engines.cells._kernel.Kernel", sizeof(KernelObject), 0, Py_TPFLAGS_DEFAULT,
                                  KERNEL_SLOTS};

// in_order(pieces, width, d, threads, seconds, ask): the tiles of all pieces, each (packed, starts, facets, points), in the
// order of their patterns: their numbers, counted through the pieces, and the four columns. `ask` is called whenever so many
// seconds have gone by; what it raises stops the work.
inline PyObject *module_in_order(PyObject *, PyObject *args) {
    PyObject *given = nullptr, *ask = nullptr;
    Py_ssize_t width = 0, d = 0;
    int threads = 1;
    double seconds = 0.0;
    if (!PyArg_ParseTuple(args, "OnnidO", &given, &width, &d, &threads, &seconds, &ask)) return nullptr;
    const Py_ssize_t piece_count = PySequence_Size(given);
    if (piece_count < 0) return nullptr;
    Buffer *buffers = nullptr;
    Piece *pieces = nullptr;
    PyObject *columns[5] = {nullptr, nullptr, nullptr, nullptr, nullptr}, *result = nullptr;
    try {
        const std::size_t count = std::size_t(piece_count), row = std::size_t(width), dim = std::size_t(d);
        buffers = new Buffer[4 * count + 1];
        pieces = new Piece[count + 1];
        std::size_t n = 0, facets = 0;
        bool room = true;
        for (std::size_t k = 0; k < count && room; k++) {
            PyObject *piece = PySequence_GetItem(given, Py_ssize_t(k));
            PyObject *parts[4];
            room = piece != nullptr && PyArg_ParseTuple(piece, "OOOO", parts, parts + 1, parts + 2, parts + 3) &&
                   buffers[4 * k].read(parts[0], pieces[k].packed) && buffers[4 * k + 1].read(parts[1], pieces[k].starts) &&
                   buffers[4 * k + 2].read(parts[2], pieces[k].facets) && buffers[4 * k + 3].read(parts[3], pieces[k].points);
            if (piece != nullptr) Py_DecRef(piece); // its arrays are held by the buffers
            if (!room) break;
            n += pieces[k].count();
            facets += pieces[k].facets.length;
        }
        const std::size_t sizes[5] = {n * sizeof(i64), n * row, (n + 1) * sizeof(i64), facets * sizeof(i32),
                                      n * dim * sizeof(double)};
        for (int k = 0; k < 5 && room; k++) room = (columns[k] = bytes_of(nullptr, sizes[k])) != nullptr;
        if (room) {
            Arranger arranger(pieces, count, row, dim, threads);
            const auto at = [&](int k) { return static_cast<void *>(PyBytes_AsString(columns[k])); };
            const ColumnsOut to{static_cast<i64 *>(at(0)), static_cast<u8 *>(at(1)), static_cast<i64 *>(at(2)),
                                static_cast<i32 *>(at(3)), static_cast<double *>(at(4))};
            PyThreadState *thread = PyEval_SaveThread();
            double until = seconds_now() + seconds;
            const bool arranged = arranger.arrange(to, [&] {
                if (seconds_now() < until) return true;
                PyEval_RestoreThread(thread);
                PyObject *answer = PyObject_CallNoArgs(ask);
                if (answer != nullptr) Py_DecRef(answer);
                thread = PyEval_SaveThread();
                until = seconds_now() + seconds;
                return answer != nullptr;
            });
            PyEval_RestoreThread(thread);
            if (arranged) result = PyTuple_Pack(5, columns[0], columns[1], columns[2], columns[3], columns[4]);
        }
    } catch (const std::bad_alloc &) {
        PyErr_NoMemory();
    }
    for (PyObject *column : columns)
        if (column != nullptr) Py_DecRef(column);
    delete[] pieces;
    delete[] buffers;
    return result;
}

// measured(dim, words, start, size, vectors, radius, tight): certified volumes and boxes of cells as `give` hands them out:
// the ends of the volumes, and those of the boxes.
inline PyObject *module_measured(PyObject *, PyObject *args) {
    int dim = 0, words = 0;
    PyObject *given[5];
    if (!PyArg_ParseTuple(args, "iiOOOOO", &dim, &words, given, given + 1, given + 2, given + 3, given + 4)) return nullptr;
    Buffer buffers[5];
    View<i64> start, size;
    View<double> vectors, radius;
    View<u64> tight;
    if (!(buffers[0].read(given[0], start) && buffers[1].read(given[1], size) && buffers[2].read(given[2], vectors) &&
          buffers[3].read(given[3], radius) && buffers[4].read(given[4], tight)))
        return nullptr;
    if (dim < 2 || words < 1 || start.length != size.length || vectors.length != radius.length * std::size_t(dim) ||
        tight.length != radius.length * std::size_t(words)) {
        PyErr_SetString(PyExc_ValueError, "kernel: these are no cells");
        return nullptr;
    }
    const std::size_t n = size.length, d = std::size_t(dim) - 1;
    try {
        Extents found;
        for (Array<double> *column : {&found.volume_low, &found.volume_high}) column->room(n + 1);
        for (Array<double> *column : {&found.box_low, &found.box_high}) column->room((n + 1) * d);
        PyThreadState *thread = PyEval_SaveThread();
        bool no_room = false;
        try {
            Measurer<> measurer(dim, words);
            for (std::size_t i = 0; i < n; i++) {
                const std::size_t at = std::size_t(start[i]);
                measurer.measure(int(size[i]), vectors.start + at * std::size_t(dim), radius.start + at,
                                 tight.start + at * std::size_t(words), &found.volume_low[i], &found.volume_high[i],
                                 found.box_low.data() + i * d, found.box_high.data() + i * d);
            }
        } catch (const std::bad_alloc &) {
            no_room = true;
        }
        PyEval_RestoreThread(thread);
        if (no_room) throw std::bad_alloc();
        return list_of({bytes_of(found.volume_low, n), bytes_of(found.volume_high, n), bytes_of(found.box_low, n * d),
                        bytes_of(found.box_high, n * d)});
    } catch (const std::bad_alloc &) {
        return PyErr_NoMemory();
    }
}

inline PyMethodDef MODULE_METHODS[] = {
    {"in_order", module_in_order, METH_VARARGS, nullptr},
    {"measured", module_measured, METH_VARARGS, nullptr},
    {"tiles_measured", module_tiles_measured, METH_VARARGS, nullptr},
    {nullptr, nullptr, 0, nullptr},
};

inline PyModuleDef DEFINITION = {PyModuleDef_HEAD_INIT, POLYRELU_NAME, nullptr, 0,      MODULE_METHODS,
                                 nullptr,               nullptr,       nullptr, nullptr};

inline bool add_class(PyObject *module, const char *name, PyType_Spec &spec) {
    PyObject *type = PyType_FromSpec(&spec);
    const bool done = type != nullptr && PyModule_AddObjectRef(module, name, type) == 0;
    if (type != nullptr) Py_DecRef(type);
    return done;
}

} // namespace polyrelu

PyMODINIT_FUNC POLYRELU_INIT() {
    PyObject *module = PyModule_Create(&polyrelu::DEFINITION);
    if (module == nullptr) return nullptr;
    if (polyrelu::add_class(module, "Kernel", polyrelu::KERNEL_SPEC) &&
        polyrelu::add_class(module, "Boxes", polyrelu::BOXES_SPEC) && polyrelu::add_identity(module) == 0)
        return module;
    Py_DecRef(module);
    return nullptr;
}
