"""Turn a downloaded public set into the files of docs/evaluation.md. Downloads nothing: see docs/public-sets.md.

    python -m benchmarks.convert SET --source PATH --out DIR

SET is one of bfcl, clinc150, taskbench, toole, ultratool, xquad. The whole set is converted, in the order of its files,
so that two runs give the same bytes. The last line is one JSON document: how many rows each file got, and how many rows
of the set have no place in the format.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from benchmarks.convert import bfcl, clinc150, taskbench, toole, ultratool, xquad
from benchmarks.convert.raw import REMEDY
from benchmarks.convert.rows import Conversion
from orchestrator.errors import BadRequest, BatonError
from orchestrator.evaluation.retrieval import write_rows

SETS: Mapping[str, Callable[[Path], Conversion]] = {
    "bfcl": bfcl.convert,
    "clinc150": clinc150.convert,
    "taskbench": taskbench.convert,
    "toole": toole.convert,
    "ultratool": ultratool.convert,
    "xquad": xquad.convert,
}


def main(given: Sequence[str] | None = None) -> int:
    """Convert one set; exit status 0, 1 where the source does not fit, 2 for bad arguments."""
    parser = argparse.ArgumentParser(
        "python -m benchmarks.convert", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("set", choices=sorted(SETS))
    parser.add_argument("--source", type=Path, required=True, help="the downloaded folder; see docs/public-sets.md")
    parser.add_argument("--out", type=Path, required=True, help="the folder to write to; its files are replaced")
    arguments = parser.parse_args(given)
    try:
        conversion = converted(arguments.set, arguments.source)
        for name, rows in conversion.files.items():
            write_rows(arguments.out / name, iter(rows))
            print(f"{arguments.out / name}: {len(rows)} rows", file=sys.stderr)
    except OSError as error:
        return failed(BadRequest("--out", str(arguments.out), f"a folder that can be written ({error})"))
    except BatonError as error:
        return failed(error)
    counts = {name: len(rows) for name, rows in conversion.files.items()}
    print(json.dumps({"set": arguments.set, "rows": counts, "left_out": conversion.num_left_out}))
    return 0


def converted(name: str, source: Path) -> Conversion:
    """The set as evaluation files; nothing is written.

    Args:
        name: a key of SETS.
        source: what was downloaded, as docs/public-sets.md says.
    Raises:
        BadRequest: something is missing, has another shape or is empty.
    """
    if not source.exists():
        raise BadRequest("--source", str(source), "a file or folder that exists", REMEDY)
    conversion = SETS[name](source)
    empty = [file for file, rows in conversion.files.items() if not rows]
    if empty:
        raise BadRequest("--source", str(source), f"a download with rows for {', '.join(empty)}", REMEDY)
    return conversion


def failed(error: BatonError) -> int:
    """Say what is wrong and what to do."""
    print(f"{error.type}: {error.message}\n{error.remedy}", file=sys.stderr)
    return 1


if __name__ == "__main__":
    sys.exit(main())
