"""A repository of RPM packages that are called as Rocky Linux 9 calls them. What is in them comes from this host: as
much as the steps of recipes/rocky-9-x86_64.yaml run inside. Made in a few seconds, signed, read from a directory."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path

_UNIT = "[Unit]\nDescription=A test's\n[Service]\nExecStart=/bin/true\n[Install]\nWantedBy=multi-user.target\n"
#: Each package: programs of this host, or files with their texts.
PACKAGES: dict[str, tuple[tuple[str, ...], dict[str, str]]] = {
    "rocky-release": (
        (),
        {"etc/os-release": 'NAME="Rocky Linux"\nVERSION_ID="9.9"\nID="rocky"\n',
         "etc/passwd": "root:x:0:0::/root:/bin/bash\n", "etc/hosts": "",
         "etc/group": "root:x:0:\n", "etc/shadow": "root:!:19000::::::\n", "etc/yum.repos.d/rocky.repo": ""},
    ),
    "bash": (("bash",), {}),
    "coreutils": (
        ("cat", "chmod", "chown", "cut", "date", "echo", "head", "install", "ln", "ls", "mkdir", "mv", "rm", "tr",
         "true", "uname", "env", "sleep", "test", "grep", "sed", "awk", "hostname"),
        {},
    ),
    "findutils": (("find",), {}),
    "glibc-minimal-langpack": (("locale",), {}),
    "shadow-utils": (("usermod",), {"etc/login.defs": ""}),
    "tzdata": ((), {"usr/share/zoneinfo/Etc/UTC": "TZif2", "usr/share/zoneinfo/Europe/Paris": "TZif2"}),
    "dnf": ((), {"etc/dnf/dnf.conf": "[main]\n"}),
    "systemd": (("systemctl",), {"usr/lib/systemd/system/multi-user.target": "[Unit]\nDescription=All\n"}),
    "NetworkManager": ((), {"usr/lib/systemd/system/NetworkManager.service": _UNIT}),
    "iproute": ((), {"usr/share/doc/iproute": ""}),
    "procps-ng": ((), {"usr/share/doc/procps": ""}),
    "openssh-server": ((), {"usr/lib/systemd/system/sshd.service": _UNIT, "etc/ssh/sshd_config": ""}),
    "openssh-clients": (("ssh-keygen",), {}),
    "unsigned": ((), {"usr/share/doc/unsigned": ""}),
}  # fmt: skip
_DIRECTORIES = ("boot", "dev", "home", "mnt", "opt", "proc", "root", "run", "srv", "sys", "tmp", "usr/lib64",
                "usr/sbin", "var/log", "var/tmp", "var/lib", "var/cache")  # fmt: skip
_SPEC = """\
Name: filesystem
Version: 9
Release: 1
Summary: Directories, and the libraries of this host
License: none
BuildArch: x86_64
AutoReqProv: no
%description
A test's.
%install
mkdir -p %{{buildroot}}
cp -a {root}/. %{{buildroot}}
%files
%defattr(-,root,root)
{shared}
{packages}
"""
_PACKAGE = """\
%package -n {name}
Summary: A test's
AutoReqProv: no
Requires: filesystem
{more}
%description -n {name}
A test's.
%files -n {name}
%defattr(-,root,root)
{files}
"""
#: A package's script that runs where /proc and /dev are, and a file with a capability.
_POST = """\
%post -n dnf
test -e /proc/self/status && echo "made by a script" >/etc/made && echo gone >/dev/null
"""


@dataclass(frozen=True)
class Repository:
    """`address`: the mirror; `key`: a file of its public key; `other`: that of somebody else."""

    folder: Path
    key: Path
    other: Path

    @property
    def address(self) -> str:
        return f"file://{self.folder}"


def make(folder: Path) -> Repository:
    """The repository in `folder`, which is there: its packages are in BaseOS/x86_64/os, one of them not signed;
    AppStream/x86_64/os is empty."""
    root, made = folder / "root", folder / "mirror"
    shared = _tree(root)
    packages = [
        _PACKAGE.format(name=name, more="Provides: /bin/sh" if name == "bash" else "", files="\n".join(_own(name)))
        for name in PACKAGES
    ]
    spec = folder / "test.spec"
    spec.write_text(_SPEC.format(root=root, shared="\n".join(shared), packages="\n".join([*packages, _POST])))
    home = folder / "home"
    home.mkdir()
    env = {**os.environ, "HOME": str(home), "GNUPGHOME": str(home / "gnupg"), "LC_ALL": "C"}
    (home / "gnupg").mkdir(mode=0o700)

    def run(*words: str | Path) -> None:
        done = subprocess.run(words, env=env, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, cwd=folder)
        assert done.returncode == 0, done.stdout[-3000:]

    run("rpmbuild", "-bb", "--buildroot", folder / "buildroot", "--define", f"_rpmdir {folder}/rpms",
        "--define", f"_topdir {folder}/top", "--define", "_binary_payload w1.gzdio", "--define", "debug_package %{nil}",
        "--define", "__os_install_post %{nil}", "--define", "_build_id_links none",
        "--define", "_unpackaged_files_terminate_build 0", spec)  # fmt: skip
    for name in ("Tester", "Somebody"):
        run("gpg", "--batch", "--passphrase", "", "--quick-gen-key", name, "rsa2048", "sign", "never")
        run("gpg", "--batch", "--armor", "--output", folder / f"{name}.asc", "--export", name)
    for path in ("BaseOS", "AppStream"):
        (made / path / "x86_64/os").mkdir(parents=True)
    for file in sorted((folder / "rpms").rglob("*.rpm")):
        shutil.move(file, made / "BaseOS/x86_64/os")
    signed = [
        file for file in sorted((made / "BaseOS/x86_64/os").glob("*.rpm")) if not file.name.startswith("unsigned")
    ]
    run("rpmsign", "--addsign", "--define", "_gpg_name Tester", "--define", "__gpg /usr/bin/gpg", *signed)
    for path in ("BaseOS", "AppStream"):
        run("createrepo_c", "--quiet", made / path / "x86_64/os")
        run(
            "gpg",
            "--batch",
            "--armor",
            "--local-user",
            "Tester",
            "--detach-sign",
            made / path / "x86_64/os/repodata/repomd.xml",
        )
    run("gpgconf", "--kill", "all")
    return Repository(made, folder / "Tester.asc", folder / "Somebody.asc")


def _tree(root: Path) -> list[str]:
    """Everything in one directory; the lines of the package `filesystem`, which has what no other one has."""
    for name in _DIRECTORIES:
        (root / name).mkdir(parents=True)
    for name in ("bin", "sbin", "lib", "lib64"):
        (root / name).symlink_to(f"usr/{name}")
    (root / "usr/bin").mkdir()
    libraries: set[str] = set()
    for programs, files in PACKAGES.values():
        for program in programs:
            path = shutil.which(program, path="/usr/bin:/usr/sbin:/bin:/sbin")
            assert path, program
            shutil.copy(path, root / "usr/bin" / program)
            said = subprocess.run(["ldd", path], capture_output=True, text=True).stdout
            libraries |= set(re.findall(r"(/\S+\.so\S*) \(0x", said))
        for file, text in files.items():
            (root / file).parent.mkdir(parents=True, exist_ok=True)
            (root / file).write_text(text)
    (root / "usr/bin/sh").symlink_to("bash")
    copied = []
    for library in sorted(libraries):
        place = f"usr{library.removeprefix('/usr')}"
        (root / place).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(library, root / place)
        copied.append(place)
    shutil.copytree("/usr/lib/locale/C.utf8", root / "usr/lib/locale/C.utf8")
    lines = [f"%dir /{name}" for name in _DIRECTORIES if name not in ("dev", "proc", "sys")]
    lines += ["/bin", "/sbin", "/lib", "/lib64", "/usr/bin/sh", "/usr/lib/locale", *(f"/{one}" for one in copied)]
    return [*lines, "%attr(1777,root,root) %dir /tmp"]


def _own(name: str) -> list[str]:
    programs, files = PACKAGES[name]
    return ["%caps(cap_net_raw=ep) " * (one == "hostname") + f"/usr/bin/{one}" for one in programs] + [
        f"/{one}" for one in files
    ]
