"""A job that its scheduler has ended, so that what launched it waits in vain."""

from vaelab.errors import UserError


def lost_job(error: Exception) -> UserError | None:
    """What to do about submitit's error for a job that has left no result; None for any other error."""
    if not type(error).__module__.startswith("submitit.") or type(error).__name__ != "UncompletedJobError":
        return None
    what = " ".join(str(error).partition("\nError stream")[0].partition("\nNo output")[0].split())
    return UserError(
        f"a job was ended before it had finished: {what}. Jobs that are in the queue go on without this command; once "
        "they have ended, the same command again skips what is finished and goes on with the rest."
    )
