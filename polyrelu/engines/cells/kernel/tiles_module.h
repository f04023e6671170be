// Tiles to measure, between Python and C++.
#pragma once

#include "buffers.h"
#include "tiles.h"

namespace polyrelu {

constexpr int PROBLEM_COLUMNS = 17;

// Reads a problem from columns, which the buffers then hold on to; false with an exception set.
inline bool read_problem(PyObject *columns, Buffer *buffers, Problem<double> &P) {
    if (PyTuple_Size(columns) != PROBLEM_COLUMNS) {
        if (!PyErr_Occurred()) PyErr_SetString(PyExc_ValueError, "kernel: this is no problem");
        return false;
    }
    int k = 0;
    const auto read = [&](auto &to) {
        PyObject *column = PyTuple_GetItem(columns, k);
        return column != nullptr && buffers[k++].read(column, to);
    };
    return read(P.weights) && read(P.weight_start) && read(P.biases) && read(P.coord_start) && read(P.weight_error) &&
           read(P.relu) && read(P.site_of) && read(P.coord_of) && read(P.equality) && read(P.strict) &&
           read(P.domain_forms) && read(P.domain_sums) && read(P.domain_errors) && read(P.on_grid) &&
           read(P.without_bias) && read(P.twins) && read(P.twin_start);
}

// A list of columns of floats, which it takes over.
inline PyObject *list_of(std::initializer_list<PyObject *> columns) {
    PyObject *list = PyList_New(0);
    bool done = list != nullptr;
    for (PyObject *column : columns) {
        if (done) done = append(list, column);
        else if (column != nullptr) Py_DecRef(column);
    }
    if (done) return list;
    if (list != nullptr) Py_DecRef(list);
    return nullptr;
}

// tiles_measured(columns, dim, neurons, target_layer, packed, starts, facets, points): certified volumes and boxes of tiles:
// the ends of the volumes, and those of the boxes.
inline PyObject *module_tiles_measured(PyObject *, PyObject *args) {
    PyObject *columns = nullptr, *given[4];
    Problem<double> P;
    if (!PyArg_ParseTuple(args, "OiiiOOOO", &columns, &P.dim, &P.neurons, &P.target_layer, given, given + 1, given + 2,
                          given + 3))
        return nullptr;
    Buffer of_problem[PROBLEM_COLUMNS], of_tiles[4];
    TileColumns tiles;
    if (!(read_problem(columns, of_problem, P) && of_tiles[0].read(given[0], tiles.packed) &&
          of_tiles[1].read(given[1], tiles.starts) && of_tiles[2].read(given[2], tiles.facets) &&
          of_tiles[3].read(given[3], tiles.points)))
        return nullptr;
    if (P.dim < 2 || !tiles.fit(P)) {
        PyErr_SetString(PyExc_ValueError, "kernel: these are no tiles of the problem");
        return nullptr;
    }
    const std::size_t n = tiles.count(), d = std::size_t(P.dim) - 1;
    try {
        Extents found;
        for (Array<double> *column : {&found.volume_low, &found.volume_high}) column->room(n + 1);
        for (Array<double> *column : {&found.box_low, &found.box_high}) column->room((n + 1) * d);
        PyThreadState *thread = PyEval_SaveThread();
        bool no_room = false;
        try {
            TileMeasurer measurer(P);
            for (std::size_t i = 0; i < n; i++)
                measurer.measure(tiles, i, &found.volume_low[i], &found.volume_high[i], found.box_low.data() + i * d,
                                 found.box_high.data() + i * d);
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

} // namespace polyrelu
