"""docs/deploy/cluster.md, carried out: sessions in Redis, hosts as plain addresses."""

from __future__ import annotations

import pytest
from deploy_cluster import check_that_nothing_is_lost
from deploy_host import Host


@pytest.mark.timeout(400)
def test_nothing_is_lost_while_instances_are_replaced_and_killed(host: Host) -> None:
    check_that_nothing_is_lost(host, "redis", "--no-namespaces")
