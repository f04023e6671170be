// What the laws call: the kernel's bounds in doubles, as they are or spoilt, behind one table of functions.
#pragma once

// A network as the kernel sees it; see kernel/problem.h. Its arrays last as long as the call.
struct Network {
    int dim, layers, target_layer, coords;
    const double *weights;
    const long long *weight_start;
    const double *biases;
    const long long *coord_start;
    const double *weight_error;
    const unsigned char *relu;
    const int *site_of, *coord_of;
    const unsigned char *equality, *on_grid;
    int sites;
};

// Vectors have d + 1 entries; forms come with s and e after them, generators with r.
struct Functions {
    double (*value)(const double *form, const double *g, int dim);
    double (*sign_bound)(double s, double e, double r, int dim);
    double (*inner_bound)(double s, double e, double size, int dim);
    double (*meet)(const double *form, const double *up, double r_up, const double *down, double r_down, double *made,
                   int dim);
    // Rows and g are changed in place: the first d rows are those that g was solved from.
    double (*solve)(double *g, double *rows, int count, int dim);
    // The forms of all layers on one cell after the other, given by their signs: for each cell and coordinate a row.
    void (*forms)(const Network *network, int cells, const unsigned char *signs, double *rows);
    // What the box tells of the signs of the first layer, and its v and h.
    void (*box)(const Network *network, const double *low, const double *high, double r, unsigned char *signs,
                double *middle, double *bound);
    // The bounds of all coordinates on a cell with m generators that no layer has split; false where it gives up.
    int (*reach)(const Network *network, int m, const double *generators, double *low, double *high);
    void (*exact_value)(const double *form, const double *g, int dim, unsigned long long *low_and_high);
    int (*exact_meet)(const double *form, const double *up, const double *down, double *made, int dim);
};
