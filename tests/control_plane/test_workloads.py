"""kube-scheduler and kwok: a Deployment gets pods on a node, although no container runs anywhere."""

from tenant_billing_sandbox.control_plane.plane import ControlPlane
from waiting import wait_for


async def test_a_deployment_becomes_available_and_ends_with_its_pods(
    control_plane_with_workloads: ControlPlane,
) -> None:
    plane = control_plane_with_workloads
    await plane.run_kubectl("create", "deployment", "web", "--image", "web.example/web:1", "--replicas", "2")
    await plane.run_kubectl("rollout", "status", "deployment/web", "--timeout", "60s")
    pods = ("get", "pods", "--selector", "app=web", "--output")
    assert await plane.run_kubectl(*pods, "jsonpath={.items[*].status.phase}") == "Running Running"
    await plane.run_kubectl("delete", "deployment", "web", "--wait=false")

    async def are_gone() -> bool:
        return not await plane.run_kubectl(*pods, "name")

    await wait_for(are_gone, "the pods to go with their Deployment")


async def test_a_job_completes(control_plane_with_workloads: ControlPlane) -> None:
    plane = control_plane_with_workloads
    await plane.run_kubectl("create", "job", "once", "--image", "once.example/once:1")
    await plane.run_kubectl("wait", "--for=condition=Complete", "job/once", "--timeout", "60s")
