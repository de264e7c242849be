"""The program: `vaelab <door> [overrides]`. Imports nothing heavy before a door is chosen."""

import os
import signal
import sys
import traceback
from importlib import import_module

from vaelab.errors import ConfigError, UserError
from vaelab.signals import arm

DOORS = {
    "train": "train a model: vaelab train model=hvae data=mnist5k trainer.max_epochs=20",
    "evaluate": "the ELBO split and bounds of a run: vaelab evaluate run=<folder> iw_samples=5000",
    "quality": "FID and its like of a run's samples: vaelab quality run=<folder> features=classifier",
    "diagnose": "what each layer carries, and why one collapsed: vaelab diagnose run=<folder>",
    "sample": "pictures of a run: vaelab sample run=<folder> temperature=0.8",
    "report": "a run or a sweep as one HTML page: vaelab report <folder>",
    "watch": "figures in the terminal while a run goes on: vaelab watch <folder>",
}


# those that take a run folder, plainly or as run=<folder>
OF_A_RUN = ("evaluate", "quality", "diagnose", "sample")


def main() -> None:
    """Run the door named on the command line, and leave with its exit code."""
    if sys.argv[1:2] == ["train"]:
        arm()  # before all else: a signal may come while torch is imported
    sys.exit(run(sys.argv[1:]))


def run(arguments: list[str]) -> int:
    """The exit code of `vaelab <arguments>`: 0, or the code of what went wrong in one paragraph on stderr."""
    if not arguments or arguments[0] in ("-h", "--help", "help"):
        _help()
        return 0
    if arguments[0] == "--version":
        from vaelab import __version__

        print(__version__)
        return 0
    if arguments[0] == "completion":
        from vaelab.completion import SCRIPT

        print(SCRIPT)
        return 0
    door, rest = arguments[0], arguments[1:]
    try:
        if door not in DOORS:
            raise ConfigError(_unknown(door))
        if door in OF_A_RUN:
            from vaelab.config.run_argument import with_run

            if {"-h", "--help"} & set(rest):
                from vaelab.config.door_help import door_help

                print(door_help(door, rest))
                return 0
            rest = with_run(door, rest)
        if door == "train":
            from vaelab.config.continuation import with_resume
            from vaelab.config.fork import with_fork
            from vaelab.sweep.arguments import with_sweep
            from vaelab.sweep.process import end_with_parent

            end_with_parent()
            rest = with_sweep(with_resume(with_fork(rest)))
        if door in (*OF_A_RUN, "train"):  # training evaluates its best checkpoint at the end
            from vaelab.config.allowed import refuse_pickles

            refuse_pickles()
        try:
            _enter(door, rest)
        finally:
            code = _sweep_ended()
    except UserError as error:
        return _report(error)
    except SystemExit as leaving:
        told = getattr(leaving, "error", None)
        if isinstance(told, UserError):
            return _report(told)
        raise
    except KeyboardInterrupt:
        print("\nvaelab: stopped by Ctrl-C", file=sys.stderr)
        return 130
    except BrokenPipeError:
        # the reader (`| head`) has left: nothing is wrong, and nothing more can be said
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 128 + signal.SIGPIPE
    except Exception as error:
        known = _explain(error, door, rest, arguments[1:])
        if known is not None:
            return _report(known)
        traceback.print_exc()
        return 1
    return code


def _sweep_ended() -> int:
    notice = sys.modules.get("vaelab.sweep.notice")  # not imported where there was no sweep
    return notice.ended() if notice is not None else 0


def _enter(door: str, rest: list[str]) -> None:
    module = import_module(f"vaelab.{door}")
    # Lightning starts the other processes of a DDP run by running sys.argv again, or `-m` where __main__ has a spec:
    # the door's own file is what has to run
    # (Hydra takes no more settings after a flag that stands among them, so -m goes first)
    sys.argv = [str(module.__file__), *sorted(rest, key=lambda argument: argument not in ("-m", "--multirun"))]
    main_module = sys.modules.get("__main__")
    if main_module is not None:
        main_module.__spec__ = None
    # Hydra would print its errors and leave with 1; with this it raises them, and they are told in `_explain`
    os.environ["HYDRA_FULL_ERROR"] = "1"
    module.main()


def _report(error: UserError) -> int:
    if os.environ.get("VAELAB_TRACEBACK"):
        traceback.print_exc()
    from vaelab.printable import printable

    print("vaelab:", "\n".join(map(printable, str(error).splitlines())), file=sys.stderr)
    return error.code


def _explain(error: Exception, door: str, rest: list[str], typed: list[str]) -> UserError | None:
    from vaelab.config.explain import explain_in_door
    from vaelab.config.paths import CONF
    from vaelab.config.writable import unwritable
    from vaelab.sweep.lost import lost_job

    if lost := lost_job(error):
        return lost
    if not (CONF / f"{door}.yaml").exists():
        return None  # no config of Hydra's, no error of Hydra's
    # Hydra itself makes the run folder, before the door is entered
    unmade = unwritable(error) if isinstance(error, OSError) else None
    known = unmade or explain_in_door(error, door, rest)
    resumes = any(one.startswith("resume=") for one in typed)
    if resumes and any(str(known).startswith(one) for one in set(rest) - set(typed)):
        return ConfigError(
            f"{known} (this was typed when the run began: bring conf/ back to what it was then, or take it out of the "
            "run's .hydra/overrides*.yaml)"
        )
    return known


def _help() -> None:
    print("usage: vaelab <command> [group=choice …] [setting=value …]\n")
    for door, text in DOORS.items():
        print(f"  {door:<12}{text}")
    print(f'  {"completion":<12}print a bash script for tab completion: eval "$(vaelab completion)"')
    print("\nvaelab <command> --help lists its groups and settings. Exit codes: 2 config, 3 memory or disk,")
    print("4 data, 5 checkpoint, 6 diverged, 75 busy, 128+n signal n. VAELAB_TRACEBACK=1 shows tracebacks.")


def _unknown(door: str) -> str:
    from difflib import get_close_matches

    near = get_close_matches(door, DOORS, 1)
    hint = f"; did you mean {near[0]}?" if near else ""
    return f"there is no command {door!r}{hint} Commands: {', '.join(DOORS)}."
