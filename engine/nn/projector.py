"""The projection head of SimCLR v2, whose first layers can be kept for fine-tuning."""

from torch import Tensor, nn

KERNEL_STD = 0.01  # official file tf2/model.py, random_normal_initializer(stddev=0.01)


class ProjectorLayer(nn.Module):
    """Linear without bias, batch norm and, except at the end, a ReLU.

    Args:
        width: Channels in.
        out: Channels out.
        is_last: True for the last layer of a head: its batch norm has no beta, and no ReLU follows.
    """

    def __init__(self, width: int, out: int, *, is_last: bool) -> None:
        super().__init__()
        self.linear = nn.Linear(width, out, bias=False)
        self.norm = nn.BatchNorm1d(out)  # eps 1e-5 and momentum 0.1 are the official 1e-5 and decay 0.9
        if is_last:
            self.norm.register_parameter("bias", None)
        self.activation: nn.Module = nn.Identity() if is_last else nn.ReLU(inplace=True)
        nn.init.normal_(self.linear.weight, std=KERNEL_STD)

    def forward(self, rows: Tensor) -> Tensor:
        """Rows (B, out) from rows (B, width)."""
        result: Tensor = self.activation(self.norm(self.linear(rows)))
        return result


class Projector(nn.Module):
    """What stands between the encoder and the contrastive loss.

    Follows SimCLR v2 (Chen et al., https://arxiv.org/abs/2006.10029, sec. 2), official file tf2/model.py,
    ProjectionHead: middle layers are as wide as the encoder. Many ports give the linear layers a bias or leave out
    the last batch norm. In training mode the batch norms need two rows or more.

    Args:
        width: D, width of the encoder.
        out: Channels of a projection.
        num_layers: 3 in SimCLR v2, 2 in the first SimCLR.
    """

    def __init__(self, width: int, out: int, num_layers: int = 3) -> None:
        super().__init__()
        last = num_layers - 1
        self.layers = nn.ModuleList(
            ProjectorLayer(width, out if number == last else width, is_last=number == last)
            for number in range(num_layers)
        )

    def after(self, features: Tensor, num_layers: int) -> Tensor:
        """What stands after so many layers.

        Args:
            features: (B, D) of the encoder.
            num_layers: 0 gives the features, 1 the first layer's output behind its batch norm and ReLU, from where
                SimCLR v2 fine-tunes (sec. 4.2, official flag ft_proj_selector), and so on.

        Returns:
            (B, D), or (B, out) after all layers.
        """
        for layer in self.layers[:num_layers]:
            features = layer(features)
        return features

    def forward(self, features: Tensor) -> Tensor:
        """Projections (B, out), not normalised, from features (B, D)."""
        return self.after(features, len(self.layers))
