"""Signatures of classes from outside the package, written down: to read them would take an import.

Only what a config may say is listed: the logger, the callbacks, the folder and the plug-ins are handed over
by `vaelab.training.build`. A class not listed here is built as its config says, and checks itself.
"""

from typing import Annotated, Any, Literal

from vaelab.config.annotation import Node
from vaelab.config.signature import Argument
from vaelab.config.types import Count, Fraction, NonNegative, PositiveInt, Range

_Share = Annotated[float, Range(lambda v: 0 < v <= 1, "a fraction above 0, up to 1")]
# an int counts batches, a float is a share of them; 0 switches validation off, but training needs some
_SomeBatches = PositiveInt | _Share
_AnyBatches = Count | Fraction
_Precision = Literal[
    # not "16-true" and "bf16-true": a density in 16 bits is none
    "64", "64-true", "32", "32-true", "16", "16-mixed", "bf16", "bf16-mixed", 64, 32, 16,
]  # fmt: skip

_TRAINER: dict[str, Any] = {
    # these are ours: vaelab.training.prepare
    "compile": bool,
    "channels_last": bool,
    "max_time": str | dict[str, int] | None,
    "accelerator": str,
    "accumulate_grad_batches": PositiveInt,
    "barebones": bool,
    "benchmark": bool | None,
    "check_val_every_n_epoch": PositiveInt | None,
    "detect_anomaly": bool,
    "deterministic": bool | Literal["warn"] | None,
    "devices": PositiveInt | list[Count] | Literal["auto", -1],
    "enable_autolog_hparams": bool,
    "enable_checkpointing": bool | None,
    "enable_model_summary": bool | None,
    "enable_progress_bar": bool | None,
    "fast_dev_run": bool | Count,
    "gradient_clip_algorithm": Literal["norm", "value"] | None,
    "gradient_clip_val": NonNegative | None,
    "inference_mode": bool,
    "limit_predict_batches": _AnyBatches | None,
    "limit_test_batches": _AnyBatches | None,
    "limit_train_batches": _SomeBatches | None,
    "limit_val_batches": _AnyBatches | None,
    "log_every_n_steps": PositiveInt,
    "max_epochs": PositiveInt,
    "max_steps": PositiveInt | Literal[-1],
    "min_epochs": PositiveInt | None,
    "min_steps": PositiveInt | None,
    "num_nodes": PositiveInt,
    "num_sanity_val_steps": Count | Literal[-1],
    "overfit_batches": _AnyBatches,
    "precision": _Precision | None,
    "profiler": str | Node | None,
    "reload_dataloaders_every_n_epochs": Count,
    "strategy": str | Node,
    "sync_batchnorm": bool,
    "val_check_interval": _SomeBatches | None,
}

FOREIGN: dict[str, dict[str, Argument]] = {
    "pytorch_lightning.Trainer": {key: Argument(kind, required=False) for key, kind in _TRAINER.items()}
}
