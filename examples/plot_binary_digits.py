r"""
Digits with signs for weights
=============================

A classifier of handwritten digits, 64 inputs, two hidden layers of 32 ReLU units and 10 outputs, rewritten with
weights :math:`-1` and :math:`+1` behind the first layer by :func:`kousei.binarize`: exactly, and with a few bits for
each weight, plain and calibrated on the images it was trained with.
"""

# %%
# The network
# -----------
#
# 1797 images of 8 by 8 pixels, of which 30 % are kept for the test.

import warnings

import matplotlib.pyplot as plt
import numpy as np
from sklearn.datasets import load_digits
from sklearn.model_selection import train_test_split
from sklearn.neural_network import MLPClassifier

import kousei

images, digits = load_digits(return_X_y=True)
x_train, x_test, y_train, y_test = train_test_split(images / 16, digits, test_size=0.3, random_state=0)
with warnings.catch_warnings():
    warnings.simplefilter("ignore")  # that it could be trained for longer
    model = MLPClassifier((32, 32), max_iter=400, random_state=0).fit(x_train, y_train)
net = kousei.io.from_sklearn(model)
values = net(x_test)
accuracy = (values.argmax(axis=-1) == y_test).mean()
print(net)
print(f"accuracy {accuracy:.2%}")

# %%
# Exactly
# -------
#
# Theorem 4: 320 units in the second hidden layer, 10240 in the first, and the same function up to rounding.

exact = kousei.binarize(net)
difference = np.abs(exact(x_test) - values).max() / np.abs(values).max()
print(exact.summary())
print(f"largest difference, relative to the largest value: {difference:.0e}")
assert difference < 1e-12

# %%
# With a few bits
# ---------------
#
# ``method="bits"`` rounds every column to a grid of :math:`2^b` points and takes :math:`b` units for it, :math:`32 b`
# in each hidden layer. With ``calibrate`` the columns of a layer are rounded one after the other, and those that are
# left make up for the error on the given images; what remains in the mean goes into the biases, which are real.

numbers = np.arange(1, 9)
ways = {"plain": None, "calibrated": x_train}
right, same, error = ({name: [] for name in ways} for _ in range(3))
print("bits  signs   accuracy: plain  calibrated   same answer: plain  calibrated")
for bits in numbers:
    for name, points in ways.items():
        binary = kousei.binarize(net, "bits", bits=int(bits), calibrate=points)
        found = binary(x_test)
        right[name].append((found.argmax(axis=-1) == y_test).mean())
        same[name].append((found.argmax(axis=-1) == values.argmax(axis=-1)).mean())
        error[name].append(np.sqrt(np.square(found - values).mean() / np.square(values).mean()))
    signs = binary.summary().binary
    shares = [f"{share[name][-1]:.2%}" for share in (right, same) for name in ways]
    print(f"{bits:4} {signs:6} {shares[0]:>17} {shares[1]:>11} {shares[2]:>20} {shares[3]:>11}")

figure, (accuracies, errors) = plt.subplots(1, 2, figsize=(10, 4.2), layout="constrained")
for name, color, marker in (("plain", "#D55E00", "o"), ("calibrated", "#0072B2", "s")):
    accuracies.plot(numbers, right[name], color=color, marker=marker, label=name)
    errors.semilogy(numbers, error[name], color=color, marker=marker, label=name)
accuracies.axhline(accuracy, color="gray", linestyle=":", label="the given network")
accuracies.set(title="accuracy on 540 images", xlabel="bits", xticks=numbers, ylim=(0.7, 1))
errors.semilogy(numbers, 2.0**-numbers, color="gray", linestyle=":", label="halved by each bit")
errors.set(title="error of the outputs, relative, root mean square", xlabel="bits", xticks=numbers)
accuracies.legend(loc="lower right")
errors.legend(loc="upper right")
plt.show()

# %%
# Three calibrated bits are as good as the given network here: each weight behind the first layer is three signs.

assert right["calibrated"][2] >= accuracy - 0.005
assert same["calibrated"][7] >= 0.998

# %%
# The signs themselves
# --------------------
#
# Above, the 10 rows of signs at the outputs of the exact network: the units of each of the 32 columns are a chain, in
# which -1 (white) turns into +1 (black) one row after the other. Below, the same layer with three bits.

three = kousei.binarize(net, "bits", bits=3, calibrate=x_train)
figure, axes = plt.subplots(2, 1, figsize=(10, 4), layout="constrained")
for axis, binary, name in zip(axes, (exact, three), ("exact", "three bits, calibrated"), strict=True):
    signs = binary.layers[-1].unpack()
    axis.imshow(signs, cmap="gray_r", aspect="auto", interpolation="nearest")
    axis.set(
        title=f"{name}: {signs.shape[0]} by {signs.shape[1]} signs",
        ylabel="output",
        yticks=[0, 3, 6, 9],
    )
axes[-1].set_xlabel("unit of the second hidden layer")
plt.show()
