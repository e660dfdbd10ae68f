"""OAR's own key is no RSA key, of which OAR's code makes none of its own: what begins and ends jobs bears it, too."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.firstboot.container import container

pytestmark = pytest.mark.real

#: What a node does for a job with a key of its own (`oarsub -k`), as its server sends it: OAR's script, and a hash.
JOB = r"""
cd "$(mktemp -d)"
export HOME=$PWD TAKTUK_HOSTNAME=node
. /etc/oar/oar.conf
mkdir .ssh
ssh-keygen -q -t ed25519 -N '' -C oar -f own
ssh-keygen -q -t rsa -b 1024 -N '' -f job # as oarsub does
printf 'environment="OAR_KEY=1" %s\n' "$(<own.pub)" >.ssh/authorized_keys
cp .ssh/authorized_keys before
line="environment=\"OAR_CPUSET=/oar/someone_1\",environment=\"OAR_JOB_USER=someone\" $(<job.pub)"
{
    cat "$JOB_RESOURCE_MANAGER_FILE"
    printf '%s\n' __END__ "{'job_id' => 1, 'name' => 'someone_1', 'user' => 'someone', 'log_level' => 1, 'types' => {},"
    printf '%s\n' "'oar_tmp_directory' => '.', 'nodes' => {'node' => [0]}, 'ssh_keys' => {"
    printf '%s\n' "'public' => {'file_name' => '.ssh/authorized_keys', 'key' => '$line" "'},"
    printf '%s\n' "'private' => {'file_name' => 'jobkey', 'key' => '$(<job)'}}}"
} >sent
perl - init <sent 2>said || { cat said; false; }
grep -xF -f before .ssh/authorized_keys
grep -xF -- "$line" .ssh/authorized_keys
cmp <(echo "$(<job)") <(cat jobkey; echo)
perl - clean <sent 2>said || { cat said; false; }
cmp before .ssh/authorized_keys
test ! -e jobkey
"""


@pytest.mark.parametrize("suite", ["bookworm", "trixie"])
def test_jobs_with_keys_of_their_own_leave_it_where_it_is(work: Path, suite: str) -> None:
    with container(work, suite=suite) as box:
        said = box.sh(JOB)
    assert "OAR_KEY=1" in said
    assert "OAR_CPUSET=/oar/someone_1" in said
