"""Rules that give a construct of DuckDB the same meaning in Spark, one a kind.

`BEFORE` and `RULES` are the one list of them. A rule takes one node of a parsed statement and returns what
stands for it in Spark's SQL, or refuses it. Spark runs with `spark.sql.ansi.enabled`, in UTC, without
zones (`session.py`): an overflow or a bad cast is an error in both engines. What same_in_both.yml does
not list is refused before any rule.
"""

from collections.abc import Callable

import sqlglot
from sqlglot import exp


class RefusedError(Exception):
    """A construct that has no certain translation; the message says which, in the words of DuckDB's SQL."""


# What a table or a common table expression gives, by its name; None where that is not known.
Columns = Callable[[str], list[str] | None]
Rule = Callable[[exp.Expression, Columns], exp.Expression]

_WHOLE_NUMBERS = {exp.DataType.Type[name] for name in ("TINYINT", "SMALLINT", "INT", "BIGINT")}
_FRACTIONS = "^(double|float|decimal)"


def function(name: str, *arguments: exp.Expression | str | int) -> exp.Anonymous:
    """Return a call of a function of Spark, which sqlglot writes as it is."""
    return exp.Anonymous(this=name, expressions=[exp.convert(argument) for argument in arguments])


def _as_type(value: exp.Expression, type_name: str) -> exp.Expression:
    return exp.Cast(this=value.copy(), to=exp.DataType.build(type_name, dialect="spark"))


def _unless(value: exp.Expression, pattern: str, message: str) -> exp.Expression:
    """Return a value that raises an error if its type is of some kinds: only Spark knows the type."""
    is_unwanted = function("regexp_like", function("typeof", value.copy()), pattern)
    return function("if", is_unwanted, function("raise_error", message), value.copy())


def _is_number(node: exp.Expression | None) -> bool:
    return isinstance(node, exp.Literal) and not node.is_string


def _is_positive(node: exp.Expression | None) -> bool:
    return isinstance(node, exp.Literal) and not node.is_string and float(node.name) > 0


def quotient(node: exp.Expression, columns: Columns) -> exp.Expression:
    """Divide doubles, by IEEE 754 where the divisor is zero; Spark's quotient is a decimal or an error."""
    if not isinstance(node, exp.Div):
        return node
    above = _as_type(node.this, "double")
    below = node.expression.unnest()
    quotient_of = exp.Div(this=above, expression=_as_type(node.expression, "double"), typed=True)
    if _is_positive(below) or (isinstance(below, exp.Nullif) and below.expression.name == "0"):
        return exp.paren(quotient_of, copy=False)
    at_zero = exp.Mul(this=above.copy(), expression=_as_type(exp.Literal.string("infinity"), "double"))
    is_zero = exp.EQ(this=exp.paren(node.expression.copy()), expression=exp.Literal.number(0))
    return exp.Case(ifs=[exp.If(this=is_zero, true=at_zero)], default=quotient_of)


def whole_quotient(node: exp.Expression, columns: Columns) -> exp.Expression:
    """`//` of integers cuts off in both engines and is an integer; by what may be zero it is refused.

    Spark makes a bigint of every whole quotient, so that another kind than integer is refused.
    """
    if not isinstance(node, exp.IntDiv):
        return node
    if not _is_positive(node.expression):
        raise RefusedError("// by something that is not a positive number")
    whole = _unless(node.this, "^(?!int$)", "// of another kind than integer is not translated")
    divided = exp.IntDiv(this=whole, expression=node.expression.copy())
    return exp.paren(_as_type(divided, "int"), copy=False)


def remainder(node: exp.Expression, columns: Columns) -> exp.Expression:
    """Refuse a remainder by what may be zero; it has the sign of the dividend in both engines."""
    if isinstance(node, exp.Mod) and not _is_positive(node.expression.unnest()):
        raise RefusedError("% by something that is not a positive number")
    return node


def cast(node: exp.Expression, columns: Columns) -> exp.Expression:
    """Let no fraction be cast: DuckDB rounds and Spark cuts off, and as text it has other digits."""
    if not isinstance(node, exp.Cast) or isinstance(node, exp.TryCast):
        return node
    if node.to.this in _WHOLE_NUMBERS:
        if isinstance(node.this, exp.Null) or (
            isinstance(node.this, exp.Literal) and "." not in node.this.name
        ):
            return node
        value = _unless(node.this, _FRACTIONS, "a fraction cast to a whole number is not translated")
        return _as_type(value, node.to.sql("spark"))
    if node.to.this in (exp.DataType.Type.TEXT, exp.DataType.Type.VARCHAR):
        return _as_text(node.this)
    return node


def _as_text(value: exp.Expression) -> exp.Expression:
    if isinstance(value, (exp.Literal, exp.Null)):
        return _as_type(value, "string")
    return _as_type(_unless(value, _FRACTIONS, "the text of a fraction is not translated"), "string")


def text_joined(node: exp.Expression, columns: Columns) -> exp.Expression:
    """`concat_ws` leaves NULLs out in both engines; sqlglot would put empty texts in their place."""
    if not isinstance(node, exp.ConcatWs):
        return node
    separator, *values = node.expressions
    return function("concat_ws", separator, *(_as_text(value) for value in values))


def text_concatenated(node: exp.Expression, columns: Columns) -> exp.Expression:
    """`concat` leaves NULLs out in DuckDB; `||` gives NULL in both engines."""
    if isinstance(node, exp.Concat):
        nothing = exp.Literal.string("")
        return function("concat", *(function("coalesce", _as_text(v), nothing) for v in node.expressions))
    if isinstance(node, exp.DPipe):
        return exp.paren(
            exp.DPipe(this=_as_text(node.this), expression=_as_text(node.expression)), copy=False
        )
    return node


def pattern(node: exp.Expression, columns: Columns) -> exp.Expression:
    """`like` has an escape character in Spark; a pattern with it, or one that is no text, is refused."""
    if isinstance(node, exp.Like) and not (node.expression.is_string and "\\" not in node.expression.name):
        raise RefusedError("like with a pattern that is not a plain text")
    return node


def list_item(node: exp.Expression, columns: Columns) -> exp.Expression:
    """Begin a list with 1, and give NULL beyond its end."""
    if not isinstance(node, exp.Bracket):
        return node
    index = node.expressions[0]
    offset = node.args.get("offset") or 0
    # sqlglot counts from zero once it has read the statement.
    if len(node.expressions) != 1 or not (_is_number(index) and index.is_int):
        raise RefusedError("a list item whose index is not a plain number")
    return function("try_element_at", node.this.copy(), int(index.name) + 1 - offset)


def list_holds(node: exp.Expression, columns: Columns) -> exp.Expression:
    """`list_contains` of a list with NULLs says false in DuckDB, NULL in Spark."""
    if not isinstance(node, exp.ArrayContains):
        return node
    return function("array_contains", function("array_compact", node.this.copy()), node.expression.copy())


def list_distinct(node: exp.Expression, columns: Columns) -> exp.Expression:
    """`list_distinct` leaves NULL out; in which order it gives the rest, no engine says."""
    if not isinstance(node, exp.ArrayDistinct):
        return node
    return function("array_compact", function("array_distinct", node.this.copy()))


def list_of_rows(node: exp.Expression, columns: Columns) -> exp.Expression:
    """`list(distinct x)` keeps NULL, and is NULL without rows; with an order it is refused."""
    if not isinstance(node, exp.ArrayAgg):
        return node
    value = node.this
    is_distinct = isinstance(value, exp.Distinct)
    if is_distinct:
        value = value.expressions[0]
    if value.find(exp.Order):
        raise RefusedError("list(… order by …)")
    boxed: exp.Expression = function("named_struct", "value", value.copy())
    if is_distinct:
        boxed = exp.Distinct(expressions=[boxed])
    box = exp.Lambda(this=exp.column("value", table="box"), expressions=[exp.to_identifier("box")])
    unboxed = function("transform", exp.Anonymous(this="collect_list", expressions=[boxed]), box)
    return function("nullif", unboxed, exp.Anonymous(this="array", expressions=[]))


def text_of_rows(node: exp.Expression, columns: Columns) -> exp.Expression:
    """`string_agg` with its order, which sqlglot would lose; without an order it is refused."""
    if not isinstance(node, exp.GroupConcat):
        return node
    order = node.this.find(exp.Order)
    if order is None:
        raise RefusedError("string_agg without order by")
    value = _as_text(order.this)
    joined = function("listagg", value, node.args["separator"].copy())
    return exp.WithinGroup(
        this=joined, expression=exp.Order(expressions=[o.copy() for o in order.expressions])
    )


def some_value(node: exp.Expression, columns: Columns) -> exp.Expression:
    """`any_value` never gives NULL where there is a value."""
    if isinstance(node, exp.IgnoreNulls) and isinstance(node.this, exp.AnyValue):
        return function("any_value", node.this.this.copy(), exp.true())
    if isinstance(node, exp.AnyValue):
        return function("any_value", node.this.copy(), exp.true())
    return node


def _before(order: exp.Order) -> exp.Expression:
    """Return how two rows `a` and `b`, with the keys of an order, compare: below zero if `a` comes first."""
    branches: list[exp.If] = []

    def branch(condition: str, key: str, result: int) -> None:
        parsed = sqlglot.parse_one(condition.format(a=f"a.{key}", b=f"b.{key}"), read="spark")
        branches.append(exp.If(this=parsed, true=exp.convert(result)))

    for number, ordered in enumerate(order.expressions):
        sign = -1 if ordered.args.get("desc") else 1
        branch("{a} is null and {b} is not null", f"key_{number}", 1)
        branch("{a} is not null and {b} is null", f"key_{number}", -1)
        branch("{a} < {b}", f"key_{number}", -sign)
        branch("{a} > {b}", f"key_{number}", sign)
    names = [exp.to_identifier("a"), exp.to_identifier("b")]
    return exp.Lambda(this=exp.Case(ifs=branches, default=exp.convert(0)), expressions=names)


def first_and_last(node: exp.Expression, columns: Columns) -> exp.Expression:
    """`first` and `last` with an order take the row that comes first or last, its NULL too."""
    if not isinstance(node, (exp.First, exp.Last)):
        return node
    order = node.this if isinstance(node.this, exp.Order) else None
    if order is None:
        if isinstance(node.find_ancestor(exp.Window), exp.Window):
            return node
        raise RefusedError("first or last without order by")
    if any(ordered.args.get("nulls_first") for ordered in order.expressions):
        raise RefusedError("first or last with nulls first")
    value = order.this.copy()
    if isinstance(value, exp.Column) and not value.table and value.name in _aliases(node.parent_select):
        # A table as a value is the row.
        value = function("struct", exp.Column(this=exp.Star(), table=exp.to_identifier(value.name)))
    is_first = isinstance(node, exp.First)
    named: list[exp.Expression | str] = []
    if not any(ordered.args.get("desc") for ordered in order.expressions):
        # The least or greatest of rows that begin with the keys, NULL after everything else.
        for number, ordered in enumerate(order.expressions):
            key = ordered.this
            named += [f"null_{number}", exp.Is(this=exp.paren(key.copy()), expression=exp.Null())]
            named += [f"key_{number}", key.copy()]
        found = function("min" if is_first else "max", function("named_struct", *named, "value", value))
        return exp.Dot(this=found, expression=exp.to_identifier("value"))
    for number, ordered in enumerate(order.expressions):
        named += [f"key_{number}", ordered.this.copy()]
    rows = function("collect_list", function("named_struct", *named, "value", value))
    found = function("try_element_at", function("array_sort", rows, _before(order)), 1 if is_first else -1)
    return exp.Dot(this=found, expression=exp.to_identifier("value"))


def _aliases(query: exp.Select) -> set[str]:
    from_ = query.args.get("from_") or query.args.get("from")
    return {
        table.alias_or_name for table in (from_.this, *(join.this for join in query.args.get("joins") or []))
    }


def filter_of_field(node: exp.Expression, columns: Columns) -> exp.Expression:
    """Give a filter to the aggregate, not to the field or function that a rule laid around it."""
    if not isinstance(node, exp.Filter) or isinstance(node.this, exp.AggFunc):
        return node
    names = {"min", "max", "any_value", "collect_list"}
    inner = [call for call in node.this.find_all(exp.Anonymous) if call.name in names]
    if isinstance(node.this, exp.Anonymous) and node.this.name in names:
        return node
    if len(inner) != 1:
        raise RefusedError("a filter of " + node.this.sql("duckdb"))
    outer = node.this.copy()
    call = next(found for found in outer.find_all(exp.Anonymous) if found.name in names)
    call.replace(exp.Filter(this=call.copy(), expression=node.expression.copy()))
    return outer


def product(node: exp.Expression, columns: Columns) -> exp.Expression:
    """`product(x order by k)`: the values are multiplied in their order; NULLs are left out."""
    if not (isinstance(node, exp.Anonymous) and node.name.lower() == "product"):
        return node
    order = node.expressions[0]
    if (
        not isinstance(order, exp.Order)
        or len(order.expressions) != 1
        or order.expressions[0].args.get("desc")
    ):
        raise RefusedError("product without one ascending order")
    key, value = order.expressions[0].this, _as_type(order.this, "double")
    pairs = function("collect_list", function("named_struct", "key", key.copy(), "value", value))
    item = exp.Dot(this=exp.to_identifier("item"), expression=exp.to_identifier("value"))
    times = exp.Mul(
        this=exp.to_identifier("so_far"),
        expression=function("coalesce", item, _as_type(exp.Literal.number(1), "double")),
    )
    step = exp.Lambda(this=times, expressions=[exp.to_identifier("so_far"), exp.to_identifier("item")])
    return function(
        "aggregate", function("array_sort", pairs), _as_type(exp.Literal.number(1), "double"), step
    )


def filter_in_window(node: exp.Expression, columns: Columns) -> exp.Expression:
    """Spark has no filter in a window: what is filtered out becomes NULL, which aggregates leave out."""
    if not (isinstance(node, exp.Window) and isinstance(node.this, exp.Filter)):
        return node
    aggregate, condition = node.this.this.copy(), node.this.expression.this
    if type(aggregate) not in (exp.Count, exp.Min, exp.Max, exp.Sum):
        raise RefusedError("a filter in a window of " + aggregate.sql("duckdb"))
    value = exp.Literal.number(1) if isinstance(aggregate.this, exp.Star) else aggregate.this
    if isinstance(value, exp.Distinct):
        raise RefusedError("a filter in a window of distinct values")
    aggregate.set("this", exp.Case(ifs=[exp.If(this=condition.copy(), true=value.copy())]))
    window = node.copy()
    window.set("this", aggregate)
    return window


def named_windows(node: exp.Expression, columns: Columns) -> exp.Expression:
    """Write out a named window, to which Spark adds no frame."""
    if not (isinstance(node, exp.Select) and node.args.get("windows")):
        return node
    select = node.copy()
    definitions = select.args["windows"]
    named = {window.name: window for window in definitions}
    for window in list(select.find_all(exp.Window)):
        name = window.alias
        if (
            window.parent_select is not select
            or name not in named
            or any(window is one for one in definitions)
        ):
            continue
        definition = named[name]
        for part in ("partition_by", "order", "spec"):
            if definition.args.get(part) and not window.args.get(part):
                inherited = definition.args[part]
                copied = (
                    [one.copy() for one in inherited] if isinstance(inherited, list) else inherited.copy()
                )
                window.set(part, copied)
        window.set("alias", None)
    select.set("windows", None)
    return select


def qualify(node: exp.Expression, columns: Columns) -> exp.Expression:
    """Put a condition on windows into a query around it, without the columns that it needs."""
    if not (isinstance(node, exp.Select) and node.args.get("qualify")):
        return node
    if node.args.get("order") or node.args.get("limit") or node.args.get("distinct"):
        raise RefusedError("qualify beside order by, limit or distinct")
    select = node.copy()
    condition = select.args["qualify"].this
    select.set("qualify", None)
    names: list[exp.Identifier] = []
    for window in list(condition.find_all(exp.Window)):
        names.append(exp.to_identifier(f"qualified_{len(names)}"))
        select.append("expressions", exp.alias_(window.copy(), names[-1].name))
        window.replace(exp.column(names[-1].name))
    everything_else = exp.Star(except_=names)
    inner = exp.Subquery(this=select, alias=exp.TableAlias(this=exp.to_identifier("qualified")))
    return exp.select(everything_else).from_(inner).where(condition)


def series(node: exp.Expression, columns: Columns) -> exp.Expression:
    """`generate_series` and `range` are empty where the end comes first; Spark would count down."""
    if not isinstance(node, exp.GenerateSeries):
        return node
    start, end = node.args["start"], node.args["end"]
    if node.args.get("step") is not None and not _is_positive(node.args["step"]):
        raise RefusedError("a series whose step is not a positive number")
    if node.args.get("is_end_exclusive"):
        end = exp.Sub(this=exp.paren(end.copy()), expression=exp.Literal.number(1))
    step = [node.args["step"].copy()] if node.args.get("step") is not None else []
    is_empty = exp.GT(this=exp.paren(start.copy()), expression=exp.paren(end.copy()))
    nothing = exp.Anonymous(this="array", expressions=[])
    return function("if", is_empty, nothing, function("sequence", start.copy(), end.copy(), *step))


def table_of_series(node: exp.Expression, columns: Columns) -> exp.Expression:
    """`from generate_series(…)`: the list that `series` makes of it is a table by `explode` only."""
    if not (isinstance(node, exp.Table) and isinstance(node.this, exp.Anonymous) and node.this.name == "if"):
        return node
    table = node.copy()
    table.set("this", function("explode", node.this.copy()))
    return table


def rows_of_list(node: exp.Expression, columns: Columns) -> exp.Expression:
    """`unnest` within an expression of a select list: the expression is of every item instead."""
    if not (isinstance(node, exp.Cast) and isinstance(node.this, exp.Explode)):
        return node
    item = exp.to_identifier("item")
    of_item = exp.Lambda(this=_as_type(item, node.to.sql("spark")), expressions=[item.copy()])
    return exp.Explode(this=function("transform", node.this.this.copy(), of_item))


def lists_side_by_side(node: exp.Expression, columns: Columns) -> exp.Expression:
    """Lay lists of one select list side by side, NULL beyond the end of one; Spark would cross them."""
    if not isinstance(node, exp.Select):
        return node
    places = [place for place, one in enumerate(node.expressions) if isinstance(one.unalias(), exp.Explode)]
    lists = [found for one in node.expressions for found in one.find_all(exp.Explode)]
    if len([found for found in lists if found.parent_select is node]) < 2:
        return node
    listed = [node.expressions[place] for place in places]
    is_adjacent = len(places) == len(lists) and places == list(range(places[0], places[0] + len(places)))
    if not is_adjacent or not all(one.alias for one in listed):
        raise RefusedError("several unnest in a select list that are not named columns next to each other")
    nothing = exp.Anonymous(this="array", expressions=[])
    filled = [function("coalesce", one.unalias().this.copy(), nothing.copy()) for one in listed]
    rows = exp.Aliases(
        this=function("inline", function("arrays_zip", *filled)),
        expressions=[exp.to_identifier(one.alias) for one in listed],
    )
    select = node.copy()
    written = select.expressions
    select.set("expressions", [*written[: places[0]], rows, *written[places[-1] + 1 :]])
    return select


def table_of_list(node: exp.Expression, columns: Columns) -> exp.Expression:
    """`from unnest([…])` is a table function in Spark, which sqlglot would call by another name."""
    if not isinstance(node, exp.Unnest):
        return node
    if node.args.get("offset") or len(node.expressions) != 1:
        raise RefusedError("unnest of several lists")
    alias = node.args.get("alias")
    table = exp.Table(this=function("explode", node.expressions[0].copy()))
    if alias is not None:
        table.set("alias", alias.copy())
    return table


def rows_beside(node: exp.Expression, columns: Columns) -> exp.Expression:
    """`lateral (values …)`: rows of expressions on the row beside them, which Spark has in `inline` alone."""
    if not isinstance(node, exp.Lateral):
        return node
    inner = node.this
    while isinstance(inner, (exp.Subquery, exp.Paren)):
        inner = inner.this
    if isinstance(inner, exp.Select) and isinstance(
        (inner.args.get("from_") or inner.args.get("from")), exp.From
    ):
        inner = (inner.args.get("from_") or inner.args["from"]).this
    if isinstance(inner, exp.Select) and not inner.args.get("from_") and not inner.args.get("from"):
        return node
    alias = node.args.get("alias") or inner.args.get("alias")
    if not isinstance(inner, exp.Values) or alias is None or not alias.columns:
        raise RefusedError("lateral of something else than values with named columns")
    rows = []
    for row in inner.expressions:
        values = row.expressions if isinstance(row, exp.Tuple) else [row]
        named: list[exp.Expression | str] = []
        for column, value in zip(alias.columns, values, strict=True):
            named += [column.name, value.copy()]
        rows.append(function("named_struct", *named))
    table = function("inline", function("array", *rows))
    return exp.Lateral(this=table, alias=alias.copy())


def last_before(node: exp.Expression, columns: Columns) -> exp.Expression:
    """`asof join` takes the last row that is not later: the one before the next of the same keys."""
    if not (isinstance(node, exp.Join) and node.method == "ASOF"):
        return node
    conditions = (
        list(node.args["on"].flatten()) if isinstance(node.args["on"], exp.And) else [node.args["on"]]
    )
    name = node.this.alias_or_name
    keys = [c for c in conditions if isinstance(c, exp.EQ)]
    moments = [c for c in conditions if isinstance(c, exp.GTE)]
    if len(moments) != 1 or len(keys) != len(conditions) - 1 or not isinstance(node.this, exp.Table):
        raise RefusedError("an asof join that does not say keys and one >=")
    moment = moments[0].expression
    if not isinstance(moment, exp.Column) or moment.table != name:
        raise RefusedError("an asof join whose later side is not a column of the joined table")
    partition = []
    for key in keys:
        sides = [
            side for side in (key.this, key.expression) if isinstance(side, exp.Column) and side.table == name
        ]
        if len(sides) != 1:
            raise RefusedError("an asof join by something else than columns")
        partition.append(exp.column(sides[0].name))
    select = node.parent_select
    if any(isinstance(one, exp.Star) for one in select.expressions):
        raise RefusedError("an asof join under select *")
    order = exp.Order(expressions=[exp.Ordered(this=exp.column(moment.name), desc=False, nulls_first=True)])
    following = exp.Window(this=exp.Lead(this=exp.column(moment.name)), partition_by=partition, order=order)
    table = exp.select("*", exp.alias_(following, "following_moment")).from_(
        exp.to_table(node.this.sql("spark", comments=False).split(" AS ")[0])
    )
    join = node.copy()
    join.set("method", None)
    join.set("this", exp.Subquery(this=table, alias=exp.TableAlias(this=exp.to_identifier(name))))
    next_moment = exp.column("following_moment", table=name)
    is_last = exp.or_(
        exp.LT(this=moments[0].this.copy(), expression=next_moment),
        exp.Is(this=next_moment.copy(), expression=exp.Null()),
    )
    join.set("on", exp.and_(node.args["on"].copy(), is_last))
    return join


def output_names(query: exp.Expression, columns: Columns) -> list[str] | None:
    """Return the columns of a query in their order, or None where a star stands for unknown ones."""
    if isinstance(query, exp.Subquery):
        return output_names(query.this, columns)
    if isinstance(query, exp.SetOperation):
        left = output_names(query.this, columns)
        if not query.args.get("by_name"):
            return left
        right = output_names(query.expression, columns)
        return (
            None if left is None or right is None else [*left, *(name for name in right if name not in left)]
        )
    if not isinstance(query, exp.Select):
        return None
    names: list[str] = []
    for one in query.expressions:
        if not one.is_star:
            names.append(one.alias_or_name)
            continue
        found = _names_of_star(one, query, columns)
        if found is None:
            return None
        names += found
    return names


def _names_of_star(one: exp.Expression, query: exp.Select, columns: Columns) -> list[str] | None:
    star = one.this if isinstance(one, exp.Column) else one
    found = _names_of_tables(query, one.table if isinstance(one, exp.Column) else "", columns)
    left_out = {column.name for column in star.args.get("except_") or star.args.get("except") or []}
    return None if found is None else [name for name in found if name not in left_out]


def _names_of_tables(query: exp.Select, only: str, columns: Columns) -> list[str] | None:
    from_ = query.args.get("from_") or query.args.get("from")
    joins = query.args.get("joins") or []
    tables = [
        from_.this,
        *(
            join.this
            for join in joins
            if join.kind not in ("SEMI", "ANTI") and join.side not in ("SEMI", "ANTI")
        ),
    ]
    if not only and any(join.args.get("using") for join in joins):
        return None
    names: list[str] = []
    for table in tables:
        if only and table.alias_or_name != only:
            continue
        if isinstance(table, exp.Subquery):
            found = output_names(table.this, columns)
        elif isinstance(table, exp.Table):
            found = _names_of_table(table, columns)
        elif isinstance(table, exp.Lateral) and table.args.get("alias"):
            found = [column.name for column in table.args["alias"].columns]
        else:
            found = None
        if found is None:
            return None
        names += found
    return names


def _names_of_table(table: exp.Table, columns: Columns) -> list[str] | None:
    if not table.db:
        scope: exp.Expression | None = table
        while scope is not None:
            with_ = (
                (scope.args.get("with_") or scope.args.get("with")) if isinstance(scope, exp.Query) else None
            )
            for cte in with_.expressions if with_ is not None else []:
                if cte.alias == table.name:
                    return output_names(cte.this, columns)
            scope = scope.parent
    return columns(table.sql("spark", comments=False).split(" AS ")[0])


def star_replaced(node: exp.Expression, columns: Columns) -> exp.Expression:
    """`* replace (…)` is written out: by `except`, which Spark has, columns would change places."""
    if not (isinstance(node, exp.Select) and any(_replacements(one) for one in node.expressions)):
        return node
    written: list[exp.Expression] = []
    for one in node.expressions:
        if not _replacements(one):
            written.append(one.copy())
            continue
        names = _names_of_star(one, node, columns)
        if names is None:
            raise RefusedError("* replace where the columns are not known (build what it reads first)")
        replaced = {alias.alias: alias for alias in _replacements(one)}
        table = one.table if isinstance(one, exp.Column) else ""
        for name in names:
            written.append(
                replaced[name].copy() if name in replaced else exp.column(name, table=table or None)
            )
    select = node.copy()
    select.set("expressions", written)
    return select


def _replacements(one: exp.Expression) -> list[exp.Expression]:
    star = one.this if isinstance(one, exp.Column) else one
    return star.args.get("replace") or [] if isinstance(star, exp.Star) else []


def union_by_name(node: exp.Expression, columns: Columns) -> exp.Expression:
    """`union by name`: both sides are written out in one order, with NULL for what one of them lacks."""
    if not (isinstance(node, exp.SetOperation) and node.args.get("by_name")):
        return node
    left, right = output_names(node.this, columns), output_names(node.expression, columns)
    if left is None or right is None:
        raise RefusedError("union by name where the columns are not known (build what it reads first)")
    names = [*left, *(name for name in right if name not in left)]
    union = node.copy()
    union.set("by_name", False)
    for part, known in (("this", left), ("expression", right)):
        side = union.args[part]
        values = [exp.column(n) if n in known else exp.alias_(exp.Null(), n) for n in names]
        inner = exp.Subquery(this=side.copy(), alias=exp.TableAlias(this=exp.to_identifier("side")))
        union.set(part, exp.select(*values).from_(inner))
    return union


def date_from_parts(node: exp.Expression, columns: Columns) -> exp.Expression:
    """`make_date` takes any whole numbers in DuckDB."""
    if not isinstance(node, exp.DateFromParts):
        return node
    parts = (node.args["year"], node.args["month"], node.args["day"])
    return function(
        "make_date", *(_as_type(_unless(p, _FRACTIONS, "make_date of a fraction"), "int") for p in parts)
    )


def date_truncated(node: exp.Expression, columns: Columns) -> exp.Expression:
    """`date_trunc` of a date is a date."""
    if not isinstance(node, (exp.TimestampTrunc, exp.DateTrunc)):
        return node
    unit = node.args["unit"].name.lower()
    if unit not in ("year", "quarter", "month"):
        raise RefusedError(f"date_trunc by {unit}")
    dated = _unless(
        node.this, "^(timestamp|string)", "date_trunc of something else than a date is not translated"
    )
    return function("trunc", dated, unit)


def date_difference(node: exp.Expression, columns: Columns) -> exp.Expression:
    """Of `date_diff` days are the same in both engines; months and years count other boundaries."""
    if not isinstance(node, exp.DateDiff):
        return node
    unit = node.args.get("unit")
    if unit is not None and unit.name.lower() != "day":
        raise RefusedError(f"date_diff by {unit.name.lower()}")
    return function("datediff", node.this.copy(), node.expression.copy())


_PARTS_OF_DATES = {
    "%Y%m%d": (r"^(\d{4})(\d{1,2}+)(\d{1,2}+)$", "$1-$2-$3", "y-M-d"),
    "%Y%m": (r"^(\d{4})(\d{1,2}+)$", "$1-$2-1", "y-M-d"),
}


def date_read(node: exp.Expression, columns: Columns) -> exp.Expression:
    """`try_strptime` of the formats of the registers; NULL where a text is no such date."""
    if not (isinstance(node, exp.Anonymous) and node.name.lower() == "try_strptime"):
        return node
    text, format_ = node.expressions
    if format_.name not in _PARTS_OF_DATES:
        raise RefusedError(f"try_strptime with {format_.name}")
    found, parts, read = _PARTS_OF_DATES[format_.name]
    spaced = function("regexp_replace", text.copy(), found, parts)
    return exp.Anonymous(this="to_timestamp_ntz", expressions=[function("try_to_timestamp", spaced, read)])


def date_tried(node: exp.Expression, columns: Columns) -> exp.Expression:
    """`try_cast` to a date of a moment, or of a text that begins with a date as ISO 8601 has it."""
    if not isinstance(node, exp.TryCast):
        return node
    if node.to.this != exp.DataType.Type.DATE:
        raise RefusedError("try_cast to something else than a date")
    if isinstance(node.this, exp.Anonymous):
        return _as_type(node.this, "date")
    date = function("regexp_extract", node.this.copy(), r"^\s*(\d{4}-\d{1,2}-\d{1,2})(?:[T ].*)?$", 1)
    return _as_type(function("try_to_timestamp", date, "y-M-d"), "date")


def checksum_number(node: exp.Expression, columns: Columns) -> exp.Expression:
    """`md5_number_lower` is the second half of the checksum, its bytes from the last, without a sign."""
    if not (isinstance(node, exp.Anonymous) and node.name.lower() == "md5_number_lower"):
        return node
    digits = function("md5", node.expressions[0].copy())
    pairs = [function("substr", digits.copy(), start, 2) for start in range(31, 16, -2)]
    return _as_type(function("conv", function("concat", *pairs), 16, 10), "decimal(20, 0)")


def mean(node: exp.Expression, columns: Columns) -> exp.Expression:
    """`avg` is a double, of decimals too."""
    return exp.Avg(this=_as_type(node.this, "double")) if isinstance(node, exp.Avg) else node


def rounding(node: exp.Expression, columns: Columns) -> exp.Expression:
    """Both round halves away from zero; to decimals they see other halves, so that this is refused."""
    if isinstance(node, exp.Round) and node.args.get("decimals") is not None:
        raise RefusedError("round to decimals")
    return node


def kept_result(node: exp.Expression, columns: Columns) -> exp.Expression:
    """`as not materialized` says what DuckDB is to keep, nothing about the result."""
    if isinstance(node, exp.CTE) and node.args.get("materialized") is not None:
        node.set("materialized", None)
    return node


def unusual_name(node: exp.Expression, columns: Columns) -> exp.Expression:
    """Spark takes a name with other letters than a-z in quotes only."""
    if isinstance(node, exp.Identifier) and not node.name.isascii():
        return exp.to_identifier(node.name, quoted=True)
    return node


# In the order in which they are applied to every node, from the leaves up. Names of columns are asked of the
# statement as it was read, so what needs them comes first.
BEFORE: tuple[Rule, ...] = (star_replaced, union_by_name, named_windows, last_before)
RULES: tuple[Rule, ...] = (
    qualify,
    filter_in_window,
    rows_of_list,
    quotient,
    whole_quotient,
    remainder,
    cast,
    date_tried,
    text_joined,
    text_concatenated,
    pattern,
    list_item,
    list_holds,
    list_distinct,
    list_of_rows,
    text_of_rows,
    some_value,
    first_and_last,
    filter_of_field,
    product,
    series,
    table_of_series,
    table_of_list,
    lists_side_by_side,
    rows_beside,
    date_from_parts,
    date_truncated,
    date_difference,
    date_read,
    checksum_number,
    mean,
    rounding,
    kept_result,
    unusual_name,
)
