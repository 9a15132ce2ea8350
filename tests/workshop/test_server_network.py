"""The network in words: what may be so in a room, and what the facilitator reads then."""

from __future__ import annotations

import pytest

from movement_readiness.exceptions import ArgumentError
from movement_readiness.workshop.server.addresses import Address, laptop_addresses, usable
from movement_readiness.workshop.server.diagnosis import diagnose
from movement_readiness.workshop.server.network import Network

WIFI = Address("wlan0", "192.168.1.20")
CABLE = Address("eth0", "10.0.0.5")
SIX = Address("wlan0", "2001:db8::5")
LOCAL_SIX = Address("wlan0", "fe80::1")
MADE_UP = Address("wlan0", "169.254.7.8")
DOCKER = Address("docker0", "172.17.0.1")
VPN = Address("tun0", "10.8.0.2")


def said(addresses, **facts):
    found = diagnose(addresses, **{"shown": "192.168.1.20", "secure": True, "reached": True, **facts})
    return {one.level: one.text for one in reversed(found)}


@pytest.mark.parametrize(
    ("addresses", "level", "words"),
    [
        ((), "problem", "in no network"),
        ((LOCAL_SIX,), "problem", "in no network"),
        ((MADE_UP, LOCAL_SIX), "problem", "169.254"),
        ((DOCKER,), "problem", "inside it or lead elsewhere (docker0)"),
        ((VPN, DOCKER), "problem", "no phone in the room"),
        ((WIFI, CABLE), "note", "several networks (wlan0, eth0)"),
        ((SIX, LOCAL_SIX), "note", "IPv6 addresses only"),
        ((WIFI, VPN), "note", "tunnel (VPN) is on"),
        ((WIFI, DOCKER, LOCAL_SIX), "good", "Other devices reach this page"),
    ],
)
def test_where_the_laptop_is(addresses, level, words):
    assert words in said(addresses)[level]


def test_an_ordinary_network_has_no_problem():
    assert set(said((WIFI, DOCKER))) == {"good"}


def test_the_other_network_is_named_with_its_address():
    assert "show 10.0.0.5 instead" in said((WIFI, CABLE))["note"]


def test_a_changed_address_makes_codes_stale_and_says_which_is_new():
    text = said((CABLE,), shown="10.0.0.5", first="192.168.1.20")["problem"]
    assert "changed from 192.168.1.20 to 10.0.0.5" in text
    assert "out of date" in text
    assert "problem" not in said((WIFI,), first="192.168.1.20")


def test_nobody_yet_is_a_note_first_and_after_three_minutes_a_problem_with_what_to_do():
    assert "Try it with one phone" in said((WIFI,), reached=False, seconds=20)["note"]
    late = said((WIFI,), reached=False, seconds=240)["problem"]
    for word in ("4 minutes", "Guest networks", "hotspot", "firewall", "mobile data"):
        assert word in late
    assert "minutes" not in str(said((WIFI,), reached=True, seconds=240))
    assert "Guest" not in said((), reached=False, seconds=240)["problem"]


def test_listening_to_one_address():
    alone = said((WIFI,), listening="127.0.0.1", seconds=240)
    assert "this laptop alone" in alone["note"]
    assert "problem" not in alone  # as it was told; nobody waits for other devices
    assert "has no more" in said((CABLE,), listening="192.168.1.20")["problem"]
    assert "problem" not in said((WIFI,), listening="192.168.1.20")
    assert "problem" not in said((WIFI,), listening="0.0.0.0")  # noqa: S104


def test_without_tls_the_facilitator_is_told():
    assert "not encrypted" in said((WIFI,), secure=False)["note"]
    assert "not encrypted" not in str(said((WIFI,)))


def test_problems_come_first():
    found = diagnose((), shown="127.0.0.1")
    assert [one.level for one in found] == sorted((one.level for one in found), key=["problem", "note", "good"].index)


def test_the_likeliest_address_is_first():
    assert usable((LOCAL_SIX, DOCKER, SIX, VPN, WIFI))[0] == WIFI
    assert usable((SIX, MADE_UP)) == (SIX,)


class Clock:
    now = 0.0

    def __call__(self):
        return self.now


def test_the_first_network_of_a_laptop_is_no_change_for_anybody():
    here = []
    network = Network(8750, look=lambda: tuple(here), clock=Clock())
    here.append(WIFI)
    assert network.refresh() is True
    assert not any("has changed" in one.text for one in network.findings())


def test_a_network_notices_a_change_while_it_runs():
    clock, here = Clock(), [WIFI]
    network = Network(8750, look=lambda: tuple(here), clock=clock)
    assert network.address == "http://192.168.1.20:8750"
    assert network.refresh() is False
    network.reached = True
    clock.now = 500.0
    here[:] = [CABLE]
    assert network.refresh() is True
    assert network.address == "http://10.0.0.5:8750"
    assert "10.0.0.5" in network.hosts
    assert "192.168.1.20" not in network.hosts
    assert network.reached is False
    (told,) = (one.text for one in network.findings() if "has changed" in one.text)
    assert "whoever has not begun opens the new address" in told
    assert "sends by itself once this laptop is back at 192.168.1.20" in told
    assert "save their answers as a file" in told
    here.clear()
    assert network.refresh() is True
    assert network.address == "http://127.0.0.1:8750"


def test_the_facilitator_may_choose_which_address_is_shown():
    here = [WIFI, CABLE]
    network = Network(8750, look=lambda: tuple(here))
    network.choose("10.0.0.5")
    assert network.address == "http://10.0.0.5:8750"
    with pytest.raises(ArgumentError, match=r"address: expected one of .*10\.0\.0\.5"):
        network.choose("203.0.113.9")
    here.remove(CABLE)
    network.refresh()
    assert network.address == "http://192.168.1.20:8750"


def test_how_an_address_is_written():
    assert Network(443, secure=True, look=lambda: (WIFI,)).address == "https://192.168.1.20"
    assert Network(80, look=lambda: (SIX,)).address == "http://[2001:db8::5]"
    assert Network(8750, names=("room.example",), look=lambda: (WIFI,)).address == "http://room.example:8750"
    assert Network(8750, host="10.1.2.3", look=lambda: (WIFI,)).address == "http://10.1.2.3:8750"


def test_the_real_laptop_can_be_asked():
    found = laptop_addresses()
    assert all(one.version in (4, 6) for one in found)
    assert not [one for one in found if one.ip.startswith("127.") or one.ip == "::1"]
    assert Network(8750).findings()
