"""Debiased CKA: closed forms, the explicit sum, and what it must be by construction."""

from itertools import permutations

import numpy as np
import pytest

from wmsim.compare.cka import about_population, cka, debiased_cka, hsic, u_centred
from wmsim.compare.splits import ceiling, shuffled, splits


def gram(n, units, rng):
    codes = rng.standard_normal((n, units))
    return codes @ codes.T


def test_hsic_is_the_mean_over_all_quadruples(rng):
    """Song et al.: the U-statistic over four different conditions."""
    one, other = gram(6, 3, rng), gram(6, 4, rng)
    terms = [
        one[i, j] * (other[i, j] + other[q, r] - 2 * other[i, q])
        for i, j, q, r in permutations(range(6), 4)
    ]
    assert hsic(one, other) == pytest.approx(np.mean(terms))


def test_hsic_is_song_s_formula(rng):
    n = 9
    one, other = gram(n, 3, rng), gram(n, 4, rng)
    k, h = (matrix * (1 - np.eye(n)) for matrix in (one, other))
    ones = np.ones(n)
    expected = (
        np.trace(k @ h)
        + (ones @ k @ ones) * (ones @ h @ ones) / ((n - 1) * (n - 2))
        - 2 / (n - 2) * (ones @ k @ h @ ones)
    ) / (n * (n - 3))
    assert hsic(one, other) == pytest.approx(expected)


def test_rows_of_u_centred_sum_to_zero_and_diagonals_do_not_count(rng):
    one = gram(7, 5, rng)
    centred = u_centred(one)
    np.testing.assert_allclose(centred.sum(axis=1), 0, atol=1e-12)
    np.testing.assert_allclose(u_centred(one + np.diag(rng.standard_normal(7))), centred)


def test_rotation_scale_and_shift_do_not_matter(rng):
    codes, others = rng.standard_normal((9, 6)), gram(9, 4, rng)
    turn = np.linalg.qr(rng.standard_normal((6, 6)))[0]
    moved = 3 * codes @ turn + rng.standard_normal(6)
    weights = rng.multinomial(9, np.full(9, 1 / 9), size=10)
    np.testing.assert_allclose(
        debiased_cka(codes @ codes.T, others)(weights),
        debiased_cka(moved @ moved.T, others)(weights), atol=1e-9,
    )  # fmt: skip
    same = debiased_cka(codes @ codes.T, moved @ moved.T)(np.ones((1, 9)))
    assert same.item() == pytest.approx(1)


def test_independent_codes_do_not_align_while_biased_alignment_is_high():
    rng = np.random.default_rng(1)
    found, biased = [], []
    centre = np.eye(8) - 1 / 8
    for _ in range(400):
        one, other = gram(8, 200, rng), gram(8, 200, rng)
        found.append(debiased_cka(one, other)(np.ones((1, 8))).item())
        a, b = centre @ one @ centre, centre @ other @ centre
        biased.append((a * b).sum() / np.sqrt((a * a).sum() * (b * b).sum()))
    assert abs(np.mean(found)) < 3 * np.std(found) / np.sqrt(400)
    assert np.mean(biased) > 0.9


def test_codes_of_several_items_do_not_align_for_being_centred():
    """Left about their own means, unrelated codes of 3 items would seem alike."""
    rng = np.random.default_rng(2)
    plain, put_back = [], []
    for _ in range(200):
        grams = []
        for _ in range(2):
            codes = rng.standard_normal((3, 6, 60))
            codes = (codes - codes.mean(axis=1, keepdims=True)).reshape(18, 60)
            grams.append(codes @ codes.T)
        plain.append(debiased_cka(*grams, 3)(np.ones((1, 6))).item())
        moved = [about_population(one, 3) for one in grams]
        put_back.append(debiased_cka(*moved, 3)(np.ones((1, 6))).item())
    assert np.mean(plain) > 0.15
    assert abs(np.mean(put_back)) < 3 * np.std(put_back) / np.sqrt(200)


@pytest.mark.filterwarnings("error")
def test_what_cannot_be_computed_is_nan(rng):
    assert np.isnan(debiased_cka(np.eye(3), np.eye(3))(np.ones((2, 3)))).all()
    assert np.isnan(debiased_cka(np.zeros((5, 5)), gram(5, 2, rng))(np.ones((2, 5)))).all()
    assert np.isnan(debiased_cka(gram(5, 2, rng), gram(5, 2, rng))(np.eye(5)[:1])).all()


def test_rotated_copy_is_near_the_ceiling_and_shuffled_labels_at_zero(simulated_pair):
    found = {"copy": [], "ceiling": [], "shuffled": []}
    for seed in range(8):
        pair = simulated_pair(seed=seed, noise=1.0)
        split = splits(pair, 1, seed=[seed])[0]
        null = splits(shuffled(pair, np.random.default_rng(seed)), 1, seed=[seed])[0]
        for name, own in (("copy", split), ("ceiling", ceiling(split)), ("shuffled", null)):
            found[name].append(cka(own, 3)(np.ones((1, 6)))[0])
    assert np.mean(found["copy"]) > 0.85
    assert np.mean(found["ceiling"]) > 0.85
    assert abs(np.mean(found["shuffled"])) < 3 * np.std(found["shuffled"]) / np.sqrt(8) + 0.02
