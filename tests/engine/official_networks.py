"""Networks of the sizes and norms that a file of official numbers names."""

from torch import nn

from engine.nn.vit import make_vit

NORMS = {"ln_eps": nn.LayerNorm, "bn_eps": nn.modules.batchnorm._BatchNorm}


def official_vit(hyper, **more):
    """An untrained encoder of the file's dimensions."""
    made = make_vit(
        width=hyper["embed_dim"],
        depth=hyper["depth"],
        heads=hyper["num_heads"],
        image_size=hyper["img_size"],
        patch_size=hyper["patch_size"],
        mlp_ratio=hyper["mlp_ratio"],
        **more,
    )
    return with_norms(made, hyper)


def with_norms(module, hyper):
    """The module, its norms with the epsilon that the file names; the studio itself knows only the usual one."""
    for name, kind in NORMS.items():
        for part in module.modules():
            if name in hyper and isinstance(part, kind):
                part.eps = hyper[name]
    return module
