from pathlib import Path

import pytest
import sqlglot
import yaml
from engines import in_duckdb, in_spark

from utvandring.spark.translation import SAME_IN_BOTH, UntranslatableError, translate

pytestmark = pytest.mark.spark

CASES = yaml.safe_load((Path(__file__).parent / "cases.yml").read_text(encoding="utf-8"))
TABLES, SAME, REFUSED, ERRORS = (CASES[part] for part in ("tables", "same", "refused", "errors"))


@pytest.mark.parametrize("case", SAME)
def test_both_engines_give(spark, case):
    assert in_spark(spark, SAME[case], TABLES) == in_duckdb(SAME[case], TABLES)


def test_every_kind_of_expression_that_is_passed_on_has_a_case():
    trees = [sqlglot.parse_one(query, read="duckdb") for query in (*SAME.values(), *TABLES.values())]
    assert {type(node).__name__ for tree in trees for node in tree.walk()} == SAME_IN_BOTH


@pytest.mark.parametrize("case", REFUSED)
def test_it_is_refused_with_the_name_of_the_model(case):
    with pytest.raises(UntranslatableError, match=r"^int_topic__what cannot be run on Spark: "):
        translate(REFUSED[case], "int_topic__what")


@pytest.mark.parametrize("case", ERRORS)
def test_both_engines_end_with_an_error_for(spark, case):
    with pytest.raises(Exception, match=r"."):
        in_duckdb(ERRORS[case], TABLES)
    with pytest.raises(Exception, match=r"."):
        in_spark(spark, ERRORS[case], TABLES)


@pytest.mark.parametrize(
    "expression",
    ["fraction::integer", "exact::bigint", "fraction::varchar", "fraction // 2", "whole::bigint // 2"],
)
def test_a_kind_of_number_that_the_engines_treat_otherwise_ends_with_an_error(spark, expression):
    with pytest.raises(Exception, match="not translated"):
        in_spark(spark, f"select {expression} from n", TABLES)
