"""What every core promises: no look ahead, step by step as at once, a state that can be changed."""

import pytest
import torch

from wmsim.errors import ConfigError
from wmsim.models import DEFAULT_UNITS, NetworkConfig, WorkingMemoryNetwork, n_parameters
from wmsim.models.config import SETTINGS_OF
from wmsim.models.state_space import LinearRecurrence
from wmsim.models.transformer import Attention

ARCHITECTURES = list(DEFAULT_UNITS)
# Kinds of activity of each that a later step starts from, and hence can be changed to an effect.
CARRIED = [
    ("rnn", "hidden"),
    ("gru", "hidden"),
    ("lstm", "hidden"),
    ("lstm", "cell state"),
    ("ssm", "state"),
    ("slots", "hidden"),
]
N_TRIALS, N_STEPS, UNITS = 4, 6, 24


def network(architecture, seed=0, **core):
    own = {"core": core} if core else {}
    config = NetworkConfig(architecture=architecture, units=UNITS, **own)
    return WorkingMemoryNetwork(config, (5, 2, 2), seed=seed).eval()


def drawn(*shape, seed=1):
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed))


def run_on(net, inputs, state=None):
    """Logits and hidden activity (trial, step, ...) of inputs, from a state on."""
    logits, hidden = [], []
    for step in range(inputs.shape[1]):
        action, activity, state = net.advance(inputs[:, step], state)
        logits.append(action)
        hidden.append(activity)
    return torch.stack(logits, dim=1), torch.stack(hidden, dim=1), state


def at_once(net, inputs):
    hidden = net.core.run(inputs)
    return net.readout(net.core.seen(hidden, 0)), hidden


@pytest.fixture(autouse=True)
def _without_gradients():
    with torch.no_grad():
        yield


@pytest.mark.parametrize("architecture", ARCHITECTURES)
@pytest.mark.parametrize("at", [0, 3, 5])
def test_what_is_to_come_changes_nothing(architecture, at):
    net = network(architecture)
    inputs = drawn(N_TRIALS, N_STEPS, UNITS)
    other = inputs.clone()
    other[:, at] = drawn(N_TRIALS, UNITS, seed=2)
    for plain, changed in zip(at_once(net, inputs), at_once(net, other), strict=True):
        torch.testing.assert_close(plain[:, :at], changed[:, :at])
        moved = (plain[:, at:] - changed[:, at:]).abs().amax(dim=(0, 2))
        assert (moved > 1e-5).all(), "a core that does not remember would pass, too"


@pytest.mark.parametrize("architecture", ARCHITECTURES)
def test_step_by_step_is_the_whole_trial(architecture):
    net = network(architecture, **({"layers": 3} if architecture in ("ssm", "transformer") else {}))
    inputs = drawn(N_TRIALS, N_STEPS, UNITS)
    logits, hidden, state = run_on(net, inputs)
    torch.testing.assert_close((logits, hidden), at_once(net, inputs))
    assert hidden.shape == (N_TRIALS, N_STEPS, UNITS)
    assert state.step == N_STEPS
    torch.testing.assert_close(net.act(hidden[:, 4], 4), logits[:, 4])


@pytest.mark.parametrize(
    ("architecture", "plain"),
    [("rnn", torch.nn.RNN), ("gru", torch.nn.GRU), ("lstm", torch.nn.LSTM)],
)
def test_the_papers_cores_are_pytorchs(architecture, plain):
    """Its parameters under its names, so that its state dicts load; its numbers."""
    net = network(architecture)
    with torch.random.fork_rng():
        core = plain(UNITS, UNITS, batch_first=True)
    core.load_state_dict(net.core.state_dict())
    inputs = drawn(N_TRIALS, N_STEPS, UNITS)
    torch.testing.assert_close(net.core.run(inputs), core(inputs)[0], rtol=0, atol=0)


@pytest.mark.parametrize("architecture", ARCHITECTURES)
def test_a_seed_fixes_the_weights(architecture):
    before = torch.get_rng_state()
    one, same, other = (network(architecture, seed).state_dict() for seed in (1, 1, 2))
    assert torch.equal(before, torch.get_rng_state())
    assert all(torch.equal(one[name], same[name]) for name in one)
    drawn_at_random = [name for name in one if one[name].unique().numel() > 1]
    assert any(name.startswith("core.") for name in drawn_at_random)
    assert not any(torch.equal(one[name], other[name]) for name in drawn_at_random)


@pytest.mark.parametrize("architecture", ARCHITECTURES)
def test_states_are_those_that_advance_goes_through(architecture):
    net = network(architecture)
    maps, frame = drawn(7, 4, 5), torch.arange(24).reshape(4, 6) % 7
    task = torch.eye(6)[:4]
    logits, hidden, more = net.states(maps, frame, task)
    torch.testing.assert_close(logits, net(maps, frame, task))
    torch.testing.assert_close(hidden, net.core.run(net.inputs(maps, frame, task)))
    assert (more is not None) == (len(net.kinds) == 2)
    if more is not None:
        _, _, state = run_on(net, net.inputs(maps, frame, task))
        torch.testing.assert_close(more[:, -1], state.tensors[net.kinds[1]])
        layers = getattr(net.config.core, "layers", 1)
        assert more.shape == (4, 6, layers * UNITS)


@pytest.mark.parametrize(("architecture", "kind"), CARRIED)
def test_replaced_by_itself_nothing_changes(architecture, kind):
    net = network(architecture)
    inputs = drawn(N_TRIALS, N_STEPS, UNITS)
    _, _, state = run_on(net, inputs[:, :3])
    assert set(net.carried) == {part for name, part in CARRIED if name == architecture}
    again = net.with_activity(state, kind, state.tensors[kind].clone())
    expected = run_on(net, inputs[:, 3:], state)[:2]
    torch.testing.assert_close(run_on(net, inputs[:, 3:], again)[:2], expected, rtol=0, atol=0)


@pytest.mark.parametrize(("architecture", "kind"), CARRIED)
def test_what_is_replaced_goes_on_through_the_recurrence(architecture, kind):
    net = network(architecture)
    inputs = drawn(N_TRIALS, N_STEPS, UNITS)
    _, _, state = run_on(net, inputs[:, :3])
    there = {name: tensor.clone() for name, tensor in state.tensors.items()}
    push = drawn(*there[kind].shape, seed=3)
    pushed = net.with_activity(state, kind, state.tensors[kind] + push)
    logits, _, _ = run_on(net, inputs[:, 3:], pushed)
    plain, _, _ = run_on(net, inputs[:, 3:], state)
    assert ((logits - plain).abs().amax(dim=(0, 2)) > 1e-4).all()
    for name, tensor in there.items():
        assert torch.equal(state.tensors[name], tensor), "the state given was changed in place"
        assert (name == kind) or torch.equal(pushed.tensors[name], tensor)


def test_hidden_activity_that_nothing_reads_is_not_replaced():
    for architecture, reason in [("transformer", "no recurrence"), ("ssm", "change 'state' inst")]:
        net = network(architecture)
        _, hidden, state = net.advance(drawn(N_TRIALS, UNITS))
        with pytest.raises(ConfigError, match=reason):
            net.with_hidden(state, hidden)
        assert "hidden" not in net.carried


def test_a_replacement_that_does_not_fit():
    net = network("gru")
    _, hidden, state = net.advance(drawn(N_TRIALS, UNITS))
    with pytest.raises(ConfigError, match=r"shape \(trial, unit\) = \(4, 24\), found \(4, 23\)"):
        net.with_hidden(state, hidden[:, 1:])
    with pytest.raises(ConfigError, match=r"carries no 'cell state'.*There are: hidden"):
        net.with_activity(state, "cell state", hidden)


def test_slots_are_written_once():
    net = network("slots")
    inputs = drawn(N_TRIALS, N_STEPS, UNITS)
    slots = net.core.run(inputs).unflatten(2, (6, 4))
    for item in range(N_STEPS):
        own = slots[:, :, item]
        assert (own[:, :item] == 0).all(), "written before its item was shown"
        assert (own[:, item] != 0).all()
        assert torch.equal(own[:, item:], own[:, item, None].expand_as(own[:, item:]))
    twice = inputs.clone()
    twice[:, 4] = inputs[:, 1]
    both = net.core.run(twice).unflatten(2, (6, 4))
    assert torch.equal(both[:, -1, 4], both[:, -1, 1]), "an item's code does not depend on its slot"


def test_a_pushed_slot_stays_pushed_and_others_are_written_on():
    net = network("slots")
    inputs = drawn(N_TRIALS, N_STEPS, UNITS)
    _, hidden, state = run_on(net, inputs[:, :2])
    hidden = hidden[:, -1].clone()
    hidden[:, :4] += 1  # slot 0
    _, after, _ = run_on(net, inputs[:, 2:], net.with_hidden(state, hidden))
    plain = net.core.run(inputs)[:, 2:]
    torch.testing.assert_close(after[..., :4], plain[..., :4] + 1)
    torch.testing.assert_close(after[..., 4:], plain[..., 4:])


def test_slots_are_read_by_age():
    """The same pair of items gives the same actions wherever in the trial it comes."""
    net = network("slots")
    hidden = torch.zeros(1, 6, 24)
    item = drawn(4)
    hidden[0, 1, 4:8], hidden[0, 4, 16:20] = item, item  # on display at steps 1 and 4
    logits = net.readout(net.core.seen(hidden, 0))
    torch.testing.assert_close(logits[0, 1], logits[0, 4])
    assert not torch.allclose(logits[0, 1], logits[0, 2])


def test_a_trial_longer_than_the_memory():
    net = network("slots")
    inputs = drawn(N_TRIALS, 7, UNITS)
    for run in (net.core.run, lambda x: run_on(net, x)):
        with pytest.raises(ConfigError, match=r"7 steps does not fit.*6 slots.*slots=7"):
            run(inputs)


def test_the_linear_recurrence_is_its_closed_form():
    """x_t = sum over k of lambda^k gamma B u_(t-k), with complex numbers."""
    with torch.random.fork_rng():
        torch.manual_seed(0)
        recurrence = LinearRecurrence(UNITS)
    inputs = drawn(N_TRIALS, N_STEPS, UNITS)
    real, imaginary = (recurrence.read.weight * recurrence.gamma.exp().repeat(2)[:, None]).chunk(2)
    drive = inputs.to(torch.complex64) @ torch.complex(real, imaginary).T
    eigenvalue = torch.complex(*recurrence.eigenvalues())
    state = torch.zeros(N_TRIALS, UNITS)
    for step in range(N_STEPS):
        state = recurrence.next(recurrence.drive(inputs[:, step]), state)
        expected = sum(eigenvalue**k * drive[:, step - k] for k in range(step + 1))
        torch.testing.assert_close(state, torch.cat([expected.real, expected.imag], dim=1))


@pytest.mark.parametrize("scale", [0.0, 3.0, 30.0])
def test_eigenvalues_stay_within_the_unit_circle(scale):
    """Whatever training does to the parameters."""
    with torch.random.fork_rng():
        torch.manual_seed(0)
        recurrence = LinearRecurrence(200)
    modulus = torch.complex(*recurrence.eigenvalues()).abs()
    assert 0.5 - 1e-5 < modulus.min() < 0.6
    assert 0.9 < modulus.max() < 0.99 + 1e-5
    recurrence.nu.add_(scale * drawn(100))
    state = torch.zeros(1, 200)
    for _ in range(200):
        state = recurrence.next(torch.zeros(1, 200), state + 1.0 * (state == 0).all())
    assert torch.complex(*recurrence.eigenvalues()).abs().max() <= 1
    assert state.abs().max() <= 2


def test_attention_is_pytorchs_but_for_positions(monkeypatch):
    monkeypatch.setattr("wmsim.models.transformer.rotate", lambda heads, first: heads)
    with torch.random.fork_rng():
        attention = Attention(UNITS, 4)
        plain = torch.nn.MultiheadAttention(UNITS, 4, batch_first=True)
    plain.in_proj_weight.copy_(attention.ask.weight)
    plain.in_proj_bias.copy_(attention.ask.bias)
    plain.out_proj.load_state_dict(attention.answer.state_dict())
    inputs = drawn(N_TRIALS, N_STEPS, UNITS)
    mask = torch.ones(N_STEPS, N_STEPS, dtype=torch.bool).triu(1)
    expected, _ = plain(inputs, inputs, inputs, attn_mask=mask)
    torch.testing.assert_close(attention.look_back(*attention.project(inputs, 0)), expected)


def test_a_transformer_tells_orders_apart():
    """Without positions, what came before the present step would be a bag of items."""
    net = network("transformer")
    inputs = drawn(N_TRIALS, N_STEPS, UNITS)
    swapped = inputs[:, [1, 0, 2, 3, 4, 5]]
    difference = net.core.run(inputs)[:, 2:] - net.core.run(swapped)[:, 2:]
    assert difference.abs().max() > 1e-3


def test_every_parameter_takes_part():
    with torch.enable_grad():
        for architecture in ARCHITECTURES:
            net = network(architecture)
            logits = net(drawn(7, 4, 5), torch.arange(24).reshape(4, 6) % 7, torch.eye(6)[:4])
            logits.square().sum().backward()
            idle = [name for name, p in net.named_parameters() if p.grad is None]
            assert not idle, f"{architecture}: {idle}"


def test_number_of_parameters():
    gates = {"rnn": 1, "gru": 3, "lstm": 4}
    for architecture, n_gates in gates.items():
        core = network(architecture).core
        assert n_parameters(core) == n_gates * (2 * UNITS**2 + 2 * UNITS)
    net = network("gru")
    whole = n_parameters(net)
    net.reduce.requires_grad_(False)
    assert n_parameters(net) == whole - (5 * UNITS + UNITS)


def test_settings_that_only_some_have():
    assert set(SETTINGS_OF) == {"rnn", "lstm", "transformer", "ssm", "slots"}
    for architecture in ARCHITECTURES:
        config = NetworkConfig(architecture=architecture)
        assert config.units == DEFAULT_UNITS[architecture]
        assert ("core" in config.model_dump(mode="json")) == (architecture in SETTINGS_OF)
        assert NetworkConfig(**config.model_dump(mode="json")) == config
        assert config.changed(max_n=4).core == config.core


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"architecture": "gru", "core": {"heads": 2}}, "gru has no settings of its own"),
        ({"architecture": "transformer", "core": {"layer": 2}}, "Did you mean 'layers'"),
        ({"architecture": "transformer", "core": {"layers": 0}}, "layers is 0"),
        ({"architecture": "transformer", "units": 36}, "36 units.*multiple of 8"),
        ({"architecture": "ssm", "units": 31}, "31 units.*must be even"),
        ({"architecture": "slots", "units": 4}, "multiple of 6, for example 6 or 12"),
        ({"architecture": "slot"}, "architecture is 'slot'"),
    ],
)
def test_settings_that_do_not_fit(settings, message):
    with pytest.raises(ConfigError, match=message):
        NetworkConfig(**settings)


def test_orthogonal_recurrent_weights_keep_lengths():
    kaiming = network("rnn").state_dict()
    other = network("rnn", recurrent="orthogonal").state_dict()
    recurrent = other["core.weight_hh_l0"]
    torch.testing.assert_close(recurrent @ recurrent.T, torch.eye(UNITS))
    own = kaiming.pop("core.weight_hh_l0")
    assert torch.linalg.svdvals(own).max() > 1.2
    assert all(torch.equal(values, other[name]) for name, values in kaiming.items())


def test_an_lstm_that_gets_no_input_forgets_as_its_bias_says():
    made = network("lstm", forget_bias=1.0)
    plain = network("lstm").state_dict()
    own = made.state_dict()
    for name in ("core.bias_ih_l0", "core.bias_hh_l0"):
        assert not plain[name].any()
    others = [name for name in plain if name != "core.bias_ih_l0"]
    assert all(torch.equal(plain[name], own[name]) for name in others)
    for name, parameter in made.core.named_parameters():
        if name.startswith("weight"):
            torch.nn.init.zeros_(parameter)
    nothing = torch.zeros(1, UNITS)
    cell = torch.linspace(-1, 1, UNITS)[None]
    state = made.core.initial(nothing).next({"hidden": nothing, "cell state": cell})
    _, after = made.core.step(nothing, state)
    torch.testing.assert_close(after.tensors["cell state"], cell * torch.sigmoid(torch.tensor(1.0)))


def test_settings_of_another_architecture():
    with pytest.raises(ConfigError, match="ssm takes StateSpaceSettings"):
        NetworkConfig(architecture="ssm", core=SETTINGS_OF["slots"]())
