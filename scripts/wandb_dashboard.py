"""A Weights & Biases workspace and report for a project: ELBO split, information, collapse, units, pictures, sweeps.

python scripts/wandb_dashboard.py --project vaelab --layers 3          save both; needs `wandb login`
python scripts/wandb_dashboard.py --run outputs/… --dry-run spec.json  write what would be sent, for the keys of a run

Needs pip install 'vaelab[dashboards]'. Without an account, `vaelab watch` and `vaelab report` show the same figures.
"""

import argparse
import json
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import dashboard_keys

from vaelab.errors import UserError

MISSING = 2


def main(arguments: Sequence[str] | None = None) -> int:
    args = _parser().parse_args(arguments)
    try:
        keys = dashboard_keys.of_folder(args.run) if args.run else dashboard_keys.of_layers(args.layers)
    except UserError as error:
        return _say(str(error), error.code)
    if args.settings:
        keys = dashboard_keys.Keys(keys.logged, keys.layers, keys.media, tuple(args.settings))
    try:
        import dashboard_panels
    except ModuleNotFoundError as error:
        if (error.name or "").split(".")[0] != "wandb_workspaces":
            raise
        return _say("wandb_workspaces is not installed: pip install 'vaelab[dashboards]'", MISSING)
    if args.dry_run is None:
        return _save(dashboard_panels, keys, args)
    views = _views(dashboard_panels, keys, args, args.entity or "entity")
    text = json.dumps({kind: dashboard_panels.spec(view) for kind, view in views.items()}, indent=2) + "\n"
    if args.dry_run == "-":
        print(text, end="")
    else:
        Path(args.dry_run).write_text(text)
    return 0


def _save(panels: Any, keys: dashboard_keys.Keys, args: argparse.Namespace) -> int:
    import requests
    import wandb

    try:
        entity = args.entity or wandb.Api().default_entity
        for kind, view in _views(panels, keys, args, entity).items():
            view.save()
            print(f"{kind}: {view.url}")
    except (wandb.errors.Error, requests.exceptions.RequestException) as error:
        first = (str(error).splitlines() or [type(error).__name__])[0]
        return _say(f"not saved: {first} (`wandb login` logs in, --dry-run needs no account)", MISSING)
    return 0


def _views(panels: Any, keys: dashboard_keys.Keys, args: argparse.Namespace, entity: str) -> dict[str, Any]:
    build = {"workspace": panels.workspace, "report": panels.report}
    return {kind: make(keys, entity, args.project, args.name) for kind, make in build.items()}


def _say(text: str, code: int) -> int:
    print(f"wandb_dashboard: {text}", file=sys.stderr)
    return code


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--project", default="vaelab")
    parser.add_argument("--entity", help="user or team; by default that of the login")
    parser.add_argument("--name", default="vaelab", help="of the workspace and the report")
    parser.add_argument("--settings", nargs="+", help="keys of the config to compare, such as objective.schedule.end")
    source = parser.add_mutually_exclusive_group()
    source.add_argument("--layers", type=int, default=2, help="of the models, where no --run tells")
    source.add_argument("--run", type=Path, help="a run or a sweep: its figures, pictures and settings")
    parser.add_argument("--dry-run", nargs="?", const="-", metavar="FILE", help="write the JSON, and save nothing")
    return parser


if __name__ == "__main__":
    sys.exit(main())
