"""First boots of machines and trees that are not here: recorded processors, devices and files."""

from __future__ import annotations

from pathlib import Path

from tests.machine.trees import NAMES, machine
from wizard.firstboot.devices import Devices, Interface
from wizard.firstboot.facts import Facts, Readers
from wizard.firstboot.sitting import Sitting, sit_down
from wizard.flow.countdown import since_boot

#: The names of the recorded machines.
MACHINES = NAMES
LAYOUTS = """\
! model
  pc105           Generic 105-key PC

! layout
  us              English (US)
  fr              French
  ch              German (Switzerland)
  custom          A user-defined custom Layout

! variant
  intl            us: English (US, intl., with dead keys)
  oss             fr: French (alt.)
  fr              ch: French (Switzerland)

! option
  grp             Switching
"""
CABLE = Interface("eth0", "52:54:00:ab:cd:ef", "A network card", link=True)
NO_CABLE = Interface("eth1", "52:54:00:ab:cd:f0", "", link=False)
#: A keyboard, and an address; neither, with two interfaces.
AT_HOME = Devices(("AT keyboard",), (CABLE,), leased=True)
SERIAL = Devices((), (NO_CABLE, CABLE), leased=False)
#: A public key as ssh-keygen makes one.
KEY = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIKZJ3Cm8Kc0bnPDXqQ2Ws0i3PqRz3vE9xwk3yM1u6f1c oar@head"


def tree(root: Path, *, graphical: bool = False) -> Path:
    """A small system: keyboards, time zones, with `graphical` a display manager."""
    for name in ("usr/share/X11/xkb/rules", "usr/share/zoneinfo/Europe", "etc/default", "etc/X11", "usr/sbin"):
        (root / name).mkdir(parents=True, exist_ok=True)
    (root / "usr/share/X11/xkb/rules/base.lst").write_text(LAYOUTS)
    for zone in ("Europe/Paris", "Europe/Zurich", "EST", "Factory"):
        (root / "usr/share/zoneinfo" / zone).write_text("TZif")
    if graphical:
        (root / "etc/X11/default-display-manager").write_text("/usr/sbin/lightdm\n")
        (root / "usr/sbin/lightdm").touch()
        (root / "usr/share/xsessions").mkdir()
        (root / "usr/share/xsessions/lxqt.desktop").write_text("[Desktop Entry]\nName=LXQt\n")
    return root


def readers(devices: Devices = AT_HOME, of: str = MACHINES[0]) -> Readers:
    return Readers(lambda: machine(of), lambda: devices)


def facts(root: Path, devices: Devices = AT_HOME) -> Facts:
    return Facts(root, readers(devices))


def sitting(
    root: Path, line: str = "", devices: Devices = AT_HOME, of: str = MACHINES[0], timeout: float | None = None
) -> Sitting:
    return sit_down(root, command_line=line, readers=readers(devices, of), timeout=timeout, clock=since_boot)
