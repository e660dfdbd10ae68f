#!/bin/bash
# What an administrator types to make an OAR cluster of one machine, with OAR's own tools: what the first boot is
# measured against. As root in a live system whose first boot was switched off. The parts that OAR's and PostgreSQL's
# packages do where they are installed for good (a cluster) come first and are timed apart.
# Prints "prepared SECONDS" and "configured SECONDS".
set -e -o pipefail
cd /
now() { date +%s.%N; }
since() { echo "$1 $(echo "$(now) $2" | awk '{ print $1 - $2 }')"; }

rm -rf /etc/systemd/system/oar-{node,server}.service.d
systemctl daemon-reload
began=$(now)
pg_createcluster 15 main
systemctl start postgresql@15-main
install --owner=oar --group=root --mode=644 /dev/null /var/log/oar.log
grep -q "$(hostname)" /etc/hosts || echo "127.0.1.1 $(hostname)" >>/etc/hosts
since prepared "$began"

began=$(now)
DBPW=$(head -c 24 /dev/urandom | base64 | tr -d '/+=') ROPW=$(head -c 24 /dev/urandom | base64 | tr -d '/+=')
sed -i "s/^DB_BASE_PASSWD=.*/DB_BASE_PASSWD=\"$DBPW\"/; s/^DB_BASE_PASSWD_RO=.*/DB_BASE_PASSWD_RO=\"$ROPW\"/
    s/^SERVER_HOSTNAME=.*/SERVER_HOSTNAME=\"localhost\"/" /etc/oar/oar.conf
rm -f /var/lib/oar/.ssh/id_*
install -d -o oar -g oar -m 0700 /var/lib/oar/.ssh
su -s /bin/bash oar -c "ssh-keygen -q -t rsa -b 3072 -N '' -f /var/lib/oar/.ssh/id_rsa"
(
    printf 'environment="OAR_KEY=1" '
    cat /var/lib/oar/.ssh/id_rsa.pub
) >/var/lib/oar/.ssh/authorized_keys
chown oar:oar /var/lib/oar/.ssh/*
chmod 600 /var/lib/oar/.ssh/authorized_keys
rm -f /etc/oar/oar_ssh_host_rsa_key*
ssh-keygen -q -t rsa -b 3072 -N '' -f /etc/oar/oar_ssh_host_rsa_key
oar-database --create --db-is-local
oar-database --check
systemctl restart oar-node
systemctl restart oar-server
su -s /bin/bash oar -c "ssh -p 6667 -o BatchMode=yes $(hostname) true"
hostname >/tmp/hosts
chmod 644 /tmp/hosts
# shellcheck disable=SC2016 # the shell of the user oar is to expand it
su -s /bin/bash oar -c 'PATH=$PATH:/usr/sbin oar_resources_init -y -v -x /tmp/hosts'
since configured "$began"
oarnodes -s
