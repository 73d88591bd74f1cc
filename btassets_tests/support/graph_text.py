"""The whole graph as readable text: `python -m btassets_tests.support.graph_text` writes `graph.txt` anew."""

from pathlib import Path

import dagster as dg

from btassets.defs.build import book_defs
from btassets.defs.resources import BookResource

GOLDEN = Path(__file__).with_name("graph.txt")
N_SHARDS = 2


def definitions() -> dg.Definitions:
    """Definitions of a book that is never opened."""
    return book_defs(BookResource(folder="/a/book"), N_SHARDS)


def graph_text() -> str:
    """Every asset with what it reads, its group, partitions, kinds and checks; then the jobs and sensors."""
    loaded = definitions()
    graph = loaded.resolve_asset_graph()
    lines: list[str] = []
    for key in sorted(graph.get_all_asset_keys(), key=lambda key: (graph.get(key).group_name, key.to_user_string())):
        node = graph.get(key)
        lines.append(f"{node.group_name} / {key.to_user_string()}")
        about = (node.description or "").splitlines()
        facts = {
            "about": about[0] if about else "",
            "reads": ", ".join(sorted(parent.to_user_string() for parent in node.parent_keys)),
            "partitions": "tickers" if node.partitions_def else "",
            "kinds": ", ".join(sorted(node.kinds)),
            "checks": ", ".join(
                f"{check.name}{' (blocks)' if graph.get_check_spec(check).blocking else ''}"
                for check in sorted(node.check_keys, key=lambda check: check.name)
            ),
        }
        lines += [f"    {name}: {fact}" for name, fact in facts.items() if fact]
    repository = loaded.get_repository_def()
    lines += [
        "",
        "jobs",
        *(
            f"    {name}"
            for name in sorted(job.name for job in repository.get_all_jobs() if not job.name.startswith("__"))
        ),
    ]
    lines += ["sensors", *(f"    {sensor.name}" for sensor in repository.sensor_defs)]
    lines += ["schedules", *(f"    {schedule.name}" for schedule in repository.schedule_defs)]
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    GOLDEN.write_text(graph_text(), encoding="utf-8")
