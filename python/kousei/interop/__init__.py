"""Parts of networks as modules of other libraries, which each submodule imports.

- `kousei.interop.torch`: a linear layer of signs, and ridgelet transforms that gradients pass, for PyTorch.
"""
