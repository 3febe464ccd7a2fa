"""What recommenders answer, for those they know and those they do not, and their evaluation."""

import math

import numpy as np
import pytest

from kousei import recommend
from test_recommend import FOUR, SHOPS

pd = pytest.importorskip("pandas")
pytest.importorskip("sklearn")


def recommenders():
    return [
        recommend.PopularRecommender,
        recommend.CosineRecommender,
        lambda *args, **kwargs: recommend.NMFRecommender(*args, components=2, rng=0, **kwargs),
        lambda *args, **kwargs: recommend.RandomRecommender(*args, rng=0, **kwargs),
    ]


@pytest.mark.parametrize("make", recommenders(), ids=["popular", "cosine", "nmf", "random"])
def test_what_all_have_in_common(make):
    model = make(FOUR)
    for user, rated in FOUR.groupby("user")["shop"]:
        found = model.recommend(user=user)
        assert not set(found.index) & set(rated)
        assert list(found) == sorted(found, reverse=True)
        assert len(model.recommend(1, user=user)) <= 1
    for shop in "ABCD":
        assert shop not in model.recommend(shop=shop).index
    newcomer = model.recommend(2, user="newcomer")
    assert newcomer.name == "popularity"
    assert list(newcomer.index) == ["A", "B"]
    assert model.recommend(shop="nowhere").name == "popularity"
    assert model.recommend(shop="new").name == "popularity"
    known = make(FOUR, similarity=recommend.ItemSimilarity(SHOPS))
    assert known.recommend(shop="new").name == "similarity"
    assert list(known.recommend(shop="new").index) == ["A", "B"]


@pytest.mark.parametrize(
    ("arguments", "error", "message"),
    [
        ({}, ValueError, "shop was None and user None; one of the two is accepted"),
        ({"shop": "A", "user": 0}, ValueError, "shop was 'A' and user 0"),
        ({"user": 1.5}, TypeError, "user was float; a whole number or a text is accepted"),
        ({"shop": ["A"]}, TypeError, "shop was list; a whole number or a text is accepted"),
        ({"shop": "A", "k": 0}, ValueError, "k was 0"),
        ({"shop": "A", "k": 2.0}, TypeError, "k was 2.0"),
    ],
)
def test_what_all_refuse(arguments, error, message):
    with pytest.raises(error, match=message):
        recommend.PopularRecommender(FOUR).recommend(**arguments)


def test_other_arguments_refused():
    with pytest.raises(TypeError, match="similarity was DataFrame; an ItemSimilarity or None"):
        recommend.PopularRecommender(FOUR, SHOPS)
    with pytest.raises(ValueError, match="neighbours was 0"):
        recommend.CosineRecommender(FOUR, neighbours=0)
    with pytest.raises(ValueError, match="components was 0"):
        recommend.NMFRecommender(FOUR, components=0)


def test_equal_scores_are_in_the_order_of_the_shops():
    rows = {"user": [1, 1, 1, 1], "shop": ["d", "b", "a", "c"], "rating": "Good"}
    assert list(recommend.PopularRecommender(pd.DataFrame(rows)).recommend(2, user=9).index) == ["a", "b"]


def test_cosines_by_hand():
    rows = {"user": [1, 1, 2, 2, 3], "shop": ["a", "b", "b", "c", "a"]}
    rows["rating"] = ["Excellent", "Good", "Average", "Excellent", "Good"]
    model = recommend.CosineRecommender(pd.DataFrame(rows))
    a, b = np.array([5, 0, 4]), np.array([4, 3, 0])
    cosine = a @ b / np.linalg.norm(a) / np.linalg.norm(b)
    assert model.recommend(shop="a").to_dict() == pytest.approx({"b": cosine})
    assert model.recommend(user=3).to_dict() == pytest.approx({"b": 4 * cosine})
    one = recommend.CosineRecommender(pd.DataFrame(rows), neighbours=1)
    # c's one neighbour is b, and b's is a: c is found for who rated b, by its own neighbours.
    assert list(one.recommend(user=1).index) == ["c"]


def test_who_rated_all_that_there_is():
    rows = {"user": [1, 1, 2], "shop": ["a", "b", "a"], "rating": ["Good", "Average", "Good"]}
    for make in recommenders():
        assert len(make(pd.DataFrame(rows)).recommend(user=1)) == 0


def test_tastes_are_found(rng):
    ratings = recommend.synthetic_ratings(400, 160, 12_000, rng=rng)
    training, held_out = recommend.leave_last_out(ratings)
    found = {
        make.__name__: recommend.evaluate(make(training), training, held_out)
        for make in (recommend.CosineRecommender, recommend.PopularRecommender)
    }
    chance = recommend.evaluate(recommend.RandomRecommender(training, rng=0), training, held_out)
    factors = recommend.evaluate(recommend.NMFRecommender(training, components=8, rng=0), training, held_out)
    cosine, popular = found.values()
    assert chance.hit_rate < popular.hit_rate < min(cosine.hit_rate, factors.hit_rate)
    assert cosine.serendipity > popular.serendipity
    assert chance.novelty > cosine.novelty > popular.novelty
    assert chance.coverage > 0.95


def test_the_last_that_is_liked_is_held_out():
    rows = {
        "user": [1, 1, 1, 2, 3, 3],
        "shop": ["a", "b", "c", "a", "a", "b"],
        "rating": ["Good", "Excellent", "Average", "Good", "Average", "Average"],
        "time": [1, 1, 5, 2, 1, 2],
    }
    training, held_out = recommend.leave_last_out(pd.DataFrame(rows))
    assert held_out[["user", "shop"]].to_numpy().tolist() == [[1, "b"]]
    assert len(training) == 5
    with pytest.raises(ValueError, match="ratings has no column 'time'"):
        recommend.leave_last_out(FOUR)


class Fixed:
    """The same list for everyone."""

    def recommend(self, k, *, shop=None, user=None):
        return pd.Series([3.0, 2, 1], index=["a", "b", "c"])[:k]


def test_evaluation_by_hand():
    shops = ["a", "a", "a", "d", "b", "d"]
    training = pd.DataFrame({"user": [1, 2, 3, 4, 1, 2], "shop": shops, "rating": "Good"})
    held_out = pd.DataFrame({"user": [2, 3, 4, 1], "shop": ["b", "a", "d", "a"], "rating": "Good"})
    found = recommend.evaluate(Fixed(), training, held_out, k=2)
    assert found.hit_rate == 3 / 4
    assert found.ndcg == pytest.approx((1 / math.log2(3) + 1 + 0 + 1) / 4)
    assert found.coverage == 2 / 3
    assert found.novelty == pytest.approx((-math.log2(3 / 4) - math.log2(1 / 4)) / 2)
    assert found.serendipity == 1 / 4
    # Of b and d, rated as often, b is the second, in whatever order they come.
    for tied in (training[:-1], training[-2::-1]):
        assert recommend.evaluate(Fixed(), tied, held_out, k=2).serendipity == 0
    everything = pd.DataFrame({"user": [1, 1], "shop": ["a", "b"], "rating": "Good"})
    nothing = recommend.evaluate(recommend.PopularRecommender(everything), everything, everything)
    assert nothing == recommend.Evaluation(0, 0, 0, 0, 0)
    with pytest.raises(ValueError, match="k was 0"):
        recommend.evaluate(Fixed(), training, held_out, k=0)
    with pytest.raises(ValueError, match="held_out is empty"):
        recommend.evaluate(Fixed(), training, held_out[:0])


def test_synthetic_ratings():
    one, other = (recommend.synthetic_ratings(50, 30, 500, rng=3) for _ in range(2))
    pd.testing.assert_frame_equal(one, other)
    assert not one.duplicated(["user", "shop"]).any()
    pd.testing.assert_frame_equal(recommend.ratings_table(one), one)
    # Of one quarter of the draws the user's taste is one of the four that the shops have.
    few = recommend.synthetic_ratings(2**31 - 1, 4, 100_000, rng=0)["shop"].value_counts(normalize=True)[[0, 1, 2, 3]]
    drawn = np.arange(1, 5) ** -0.7 / (np.arange(1, 5) ** -0.7).sum()
    np.testing.assert_allclose(few, 0.75 * drawn + 0.25 / 4, atol=0.01)
    with pytest.raises(ValueError, match="shops was 0"):
        recommend.synthetic_ratings(5, 0, 5)
