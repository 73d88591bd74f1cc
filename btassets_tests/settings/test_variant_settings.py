"""Tables [[variant]]: the default list, what is refused and how it is said, and the stored hash."""

import pytest

from btassets.book.new_book import settings_text
from btassets.engine.portfolio.variant_list import STRATEGY_VARIANTS
from btassets.errors import SettingError
from btassets.settings.load import hashed, resolve, select, settings_hash
from btassets.settings.models import Settings
from btassets.settings.variant_settings import MAX_VARIANTS, portfolio_variants

A, RAW = {"name": "a"}, {"name": "b", "ranking": "raw"}


def resolved(variants):
    return resolve(overrides={"variant": variants}).settings


def test_the_default_list_is_the_one_of_the_engine_and_moves_no_stored_hash():
    assert portfolio_variants(Settings().variant) == STRATEGY_VARIANTS
    before = Settings().model_dump(mode="json")
    del before["variant"]
    assert "variant" not in hashed(select(Settings(), ("variant", "portfolio")))
    listed = [variant.model_dump() for variant in Settings().variant]
    assert settings_hash(resolved(listed)) == settings_hash(Settings())
    assert settings_hash(resolved(listed[:3])) != settings_hash(Settings())
    assert "variant" in hashed(select(resolved(listed[::-1]), ("variant",)))


def test_fields_that_are_not_given_have_the_defaults_of_the_base():
    (found,) = portfolio_variants(resolved([A]).variant)
    assert found.rules == STRATEGY_VARIANTS[0].rules
    (found,) = portfolio_variants(resolved([{"name": "x", "label": "Mine", "risk_frac": 0.02}]).variant)
    assert (found.label, found.risk_frac) == ("Mine", 0.02)


@pytest.mark.parametrize(
    ("variants", "said"),
    [
        ([], "must have 1 to 50 tables, not 0"),
        (
            [{"name": f"v{k}", "max_positions": k + 1} for k in range(MAX_VARIANTS + 1)],
            "must have 1 to 50 tables, not 51",
        ),
        ([A, {**A, "ranking": "raw"}], "has the name a twice"),
        ([A, RAW, {"name": "c"}], "a and c have the same rules"),
        ([A, {"name": "c", "min_momentum_percentile": 80.00000001}], "a and c have the same rules"),
        ([{**A, "slots": 3}], "variant[1].slots = 3: no such key"),
        ([A, {"ranking": "raw"}], 'variant[2].name = "": must be given'),
        ([{"name": "hold"}], "is the name of an exit policy"),
        ([{"name": "two words"}], "a name consists of letters"),
        ([{**A, "ranking": "best"}], "must be 'residual' or 'raw'"),
        ([{**A, "min_momentum_percentile": 101}], "min_momentum_percentile = 101: must be <= 100"),
        ([{**A, "risk_frac": 0}], "variant[1].risk_frac = 0: must be > 0"),
        ([{**A, "max_positions": 2.5}], "must be a whole number"),
        ([{**A, "label": "two\nlines"}], "must be one line of printable text"),
        ([3], "must be tables [[variant]]"),
        ({"name": "a"}, "must be tables [[variant]]"),
    ],
)
def test_a_wrong_list_is_refused_with_value_and_rule(variants, said):
    with pytest.raises(SettingError) as caught:
        resolved(variants)
    assert said in str(caught.value)


def test_a_table_of_the_file_is_named_by_its_line(tmp_path):
    path = tmp_path / "btassets.toml"
    path.write_text('[[variant]]\nname = "a"\n[[variant]]\nname = "a"\nranking = "raw"\n')
    with pytest.raises(SettingError, match=r"btassets\.toml:1"):
        resolve(path)


def test_the_commented_list_of_a_new_book_is_the_default_list(tmp_path):
    (line,) = [line for line in settings_text({}).splitlines() if line.startswith("# variant = ")]
    path = tmp_path / "btassets.toml"
    path.write_text(line.removeprefix("# "))
    assert resolve(path).settings == Settings()
    assert "variant" in resolve(path).origin


def test_a_scenario_has_a_list_of_its_own(tmp_path):
    path = tmp_path / "btassets.toml"
    path.write_text('[[scenario.wide.variant]]\nname = "a"\nmax_positions = 30\n')
    assert resolve(path).settings == Settings()
    assert [v.max_positions for v in resolve(path, scenario="wide").settings.variant] == [30]
