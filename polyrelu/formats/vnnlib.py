r"""Properties in VNN-LIB: which inputs and outputs together would break a promise.

A file of VNN-LIB, the format of the VNN-COMP benchmarks (vnnlib.org), declares a network's inputs and outputs, in
version 1 as real constants ``X_0, ..., Y_0, ...``, and asserts what a *counterexample* satisfies. Grammar, a part of
SMT-LIB 2 (nothing is evaluated as code)::

    file     = command*                                 # ";" starts a comment
    command  = "(declare-const" name "Real)" | "(declare-fun" name "() Real)" | "(assert" formula ")"
             | "(set-logic ...)" | "(set-info ...)" | "(check-sat)" | "(get-model)" | "(exit)"    # without effect
    formula  = "(and" formula* ")" | "(or" formula* ")" | "(not" formula ")" | "(=>" formula formula+ ")"
             | "(xor" formula formula+ ")" | "(= " formula formula+ ")" | "true" | "false" | comparison
             | "(ite" formula formula formula ")" | "(let ((" name value ")*)" formula ")"
    comparison = "(" ("<=" | "<" | ">=" | ">" | "=" | "distinct") term term+ ")"
    term     = number | name | "(+" term+ ")" | "(-" term+ ")" | "(*" term+ ")" | "(/" term term+ ")"
             | "(ite" formula term term ")" | "(let ((" name value ")*)" term ")"

VNN-LIB 2 declares networks with tensors of real numbers instead, and refers to their entries::

    command  = "(vnnlib-version <2.0>)" | "(declare-network" name like? input+ hidden* output+ ")" | ...
    like     = "(equal-to" name ")" | "(isomorphic-to" name ")"
    input    = "(declare-input" name type shape onnx? ")"   # output: declare-output; hidden: declare-hidden
    comparison = ... | "(" ("==" | "!=") term term ")"      # shape: [1,5], or [] for one number
    term     = ... | name "[" index "," ... "]"

Tensors are flattened row by row, and follow each other in the order of their declarations. Whatever floating type is
declared, numbers are the decimals that are written and arithmetic is exact.

Comparisons are linear; they are about inputs, about outputs and hidden values, or about both together. The conjunction
of all assertions is rewritten as a union of conjunctions; those with the same conditions on the inputs make one domain
with several targets. Decimals are read as they are written: ``0.1`` is 1/10.
"""

from __future__ import annotations

from os import PathLike

from polyrelu.errors import DimensionError, InputError
from polyrelu.formats.packed import read_text, refusing
from polyrelu.formats.vnnlib_declarations import COMMANDS, Declarations
from polyrelu.formats.vnnlib_formulas import MOST_ENTRIES, Formulas
from polyrelu.formats.vnnlib_query import Query
from polyrelu.formats.vnnlib_syntax import Node, Source
from polyrelu.networks.clauses import Clause, disjuncts, rewired, shared_inputs
from polyrelu.networks.joint import Wiring
from polyrelu.networks.properties import Property
from polyrelu.support.arguments import file_path
from polyrelu.support.collection import without_collection

_WITHOUT_EFFECT = ("set-logic", "set-info", "set-option", "check-sat", "get-model", "exit")
_IN_NETWORKS = ("declare-input", "declare-hidden", "declare-output", "equal-to", "isomorphic-to")
_LARGEST_FILE = 2**26


def load_query(path: str | PathLike[str]) -> Query:
    """What a VNN-LIB file asks of one network or of several, see the module's docstring for what is read.

    Args:
        path: the file, text in UTF-8, which may be packed by gzip.

    Raises:
        InputError: there is no such file, or it is larger than 64 MiB or not text.
        ParseError: it breaks the grammar or a limit; the message names line and column.

    Cost: linear in the file, and in the number of conjunctions that its alternatives multiply to.
    """
    return _read(path, "load_query")


def _read(path: str | PathLike[str], where: str) -> Query:
    file = file_path(path, where)
    if not file.is_file():
        raise InputError(f"{where}: there is no file {file}")
    with refusing(file, "property"):
        return parse_query(read_text(file, _LARGEST_FILE), where=str(file))


def load_property(path: str | PathLike[str], input_dim: int | None = None, output_dim: int | None = None) -> Property:
    """The property in a VNN-LIB file about one network, or about copies of it; others are read by :func:`load_query`.

    Args:
        path: the file, text in UTF-8, which may be packed by gzip.
        input_dim: how many inputs the network has; checked when given.
        output_dim: how many outputs it has; checked when given.

    Raises:
        InputError: there is no such file, or it is larger than 64 MiB or not text; or it is about several networks, or
            about values inside one.
        ParseError: it breaks the grammar or a limit; the message names line and column.
        DimensionError: it declares other numbers of inputs or outputs than the network has.

    Cost: linear in the file, and in the number of conjunctions that its alternatives multiply to.
    """
    query = _read(path, "load_property")
    return _of_one(query, input_dim, output_dim, str(path))


def parse_property(
    text: str, input_dim: int | None = None, output_dim: int | None = None, where: str = "property"
) -> Property:
    """The property that a text in VNN-LIB states; arguments and errors as for :func:`load_property`.

    Example:
        >>> parse_property("(declare-const X_0 Real) (declare-const Y_0 Real) (assert (<= X_0 0.1)) (assert (> Y_0 2))")
        Property(R^1 -> R^1: 1 domain, 1 target)
    """
    return _of_one(parse_query(text, where), input_dim, output_dim, where)


def _of_one(query: Query, input_dim: int | None, output_dim: int | None, where: str) -> Property:
    found = query.of_one_network(where)
    for given, dim, what in ((input_dim, found.input_dim, "input"), (output_dim, found.output_dim, "output")):
        if given is not None and given != dim:
            raise DimensionError(
                f"{where}: declares {dim} {what}s but the network has {given}; is it another network's?"
            )
    return found


@without_collection
def parse_query(text: str, where: str = "property") -> Query:
    """What a text in VNN-LIB asks; errors as for :func:`load_query`."""
    source = Source(text, where)
    declared, asserted = Declarations(source), list[Node]()
    for command in source.commands():
        head = source.head(command, "a command such as (assert ...)")
        if head == "assert":
            if len(command.items) != 2:
                source.fail(f"assert takes one formula, not {len(command.items) - 1}", command.place)
            asserted.append(command.items[1])
        elif head in COMMANDS:
            if asserted and head == "declare-network":
                source.fail("networks are declared before anything is asserted", command.place)
            declared.read(command, head)
        elif head not in _WITHOUT_EFFECT:
            hint = "; it belongs into a declare-network" if head in _IN_NETWORKS else ""
            known = "assert, declare-const, declare-fun and declare-network"
            source.fail(f"unknown command {head!r}; known are {known}{hint}", command.place)
    networks = declared.networks  # an error of these comes before those of formulas
    formulas = Formulas(source, declared)
    clauses = formulas.conjunction([formulas.formula(node, False, {}) for node in asserted], 0)
    return Query(networks, *_assembled(source, declared, formulas, clauses))


def _assembled(
    source: Source, declared: Declarations, formulas: Formulas, clauses: list[Clause]
) -> tuple[Property, tuple[Wiring, ...]]:
    """The property of all networks side by side, and the coordinates that each takes."""
    comparisons, groups, values = formulas.comparisons, declared.inputs, declared.value_count
    inputs = groups[-1].stop
    wiring = tuple(range(inputs))
    if len(groups) > 1:
        wiring = shared_inputs(clauses, comparisons, groups)
        inputs = max(wiring) + 1
        comparisons = rewired(comparisons, wiring)
    if comparisons.entries(inputs, values) > MOST_ENTRIES:
        source.fail(f"{len(comparisons.rows)} rows of {inputs} and {values} numbers are too many", 0)
    found, with_inputs = disjuncts(clauses, comparisons, inputs, values)
    return Property(inputs, values, found, with_inputs), tuple(wiring[one.start : one.stop] for one in groups)
