"""What programs read by typed pointers, and how where the kernel has none."""

from __future__ import annotations

import pytest

from tests.cases.compiling import Conditions, compile_case

SCRIPT = 'syscall:write where comm == "a" and fd > 2 capture comm, count'
KERNELS = ("linux-6.18", "debian-6.1")


def c_text(kernel: str) -> str:
    return compile_case(SCRIPT, Conditions(kernel=kernel)).artifact.c_text


@pytest.mark.parametrize("kernel", KERNELS)
def test_task_and_registers_are_read_without_a_helper_for_each(kernel: str) -> None:
    text = c_text(kernel)
    assert "= task->thread_info.status" in text
    assert "= regs->di" in text
    assert text.count("= typed_task()") == text.count("= saved_registers(task)") == 1
    assert " read_kernel(" not in text
    assert "copy_text" not in text  # the name that was compared is what is sent
    assert "bpf_get_current_comm" not in text


@pytest.mark.parametrize("kernel", KERNELS)
def test_registers_are_read_by_a_helper_before_linux_5_15(kernel: str) -> None:
    text = c_text(f"{kernel} without typed_registers")
    assert "= task->thread_info.status" in text
    assert "&regs->di" in text
    assert "saved_registers" not in text


@pytest.mark.parametrize("kernel", KERNELS)
def test_all_is_read_by_helpers_before_linux_5_11(kernel: str) -> None:
    text = c_text(f"{kernel} without typed_task")
    assert "&task->thread_info.status" in text
    assert "bpf_get_current_comm(" in text
    assert "&regs->di" in text
    assert not {"typed_task", "saved_registers", "copy_comm"} & set(text.replace("(", " ").split())
