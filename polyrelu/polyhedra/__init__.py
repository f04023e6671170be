"""Sets: exact convex polyhedra, their faces, volumes and unions; knows no network."""
