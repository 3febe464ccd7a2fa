"""Parts of networks as modules of other libraries, which each submodule imports.

- `kousei.interop.torch`: a linear layer of signs, RePU, and ridgelet transforms and derivatives of networks that
  gradients pass, for PyTorch.
"""
