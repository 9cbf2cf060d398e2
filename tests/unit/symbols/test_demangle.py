"""Names of C++ and Rust as they were written."""

from __future__ import annotations

import pytest

from tracelang.symbols.demangle import demangle


@pytest.mark.parametrize(
    ("mangled", "name"),
    [
        ("main", "main"),
        ("_ZN3foo3barEi", "foo::bar(int)"),
        ("_ZNSt6vectorIiSaIiEE5clearEv", "std::vector<int, std::allocator<int> >::clear()"),
        ("_ZN3foo3barEi.cold", "foo::bar(int)"),
        ("_ZN3foo3barEi.part.0", "foo::bar(int)"),
        ("helper.constprop.0", "helper.constprop.0"),
        ("_ZN1r7generic17h53e40ef92de7fc06E", "r::generic"),
        (
            "_ZN56_$LT$r..inner..A$LT$T$GT$$u20$as$u20$r..inner..Greet$GT$5greet17h55148567d909992bE",
            "<r::inner::A<T> as r::inner::Greet>::greet",
        ),
        (
            "_RNvXNtCs6GmmlP4bgsG_1r5innerINtB2_1AmENtB2_5Greet5greetB4_",
            "<r::inner::A<u32> as r::inner::Greet>::greet",
        ),
        ("_Zq", "_Zq"),
        ("_Really", "_Really"),
        ("", ""),
    ],
)  # fmt: skip
def test_a_name_is_read_back(mangled: str, name: str) -> None:
    assert demangle(mangled) == name


def test_what_cannot_be_read_stays_as_it_is_in_silence(capsys: pytest.CaptureFixture[str]) -> None:
    hard = (
        "_RINvNtCsgEmfK2I1SDS_4core3ptr13drop_in_placeINtNtCslNYArtu3iFV_5alloc5boxed3Box"
        "DG0_INtNtNtB4_3ops8function2FnTRL1_INtNtCsjrHSEGnQ3l9_3std5panic13PanicHookInfoL0"
        "_EEEp6OutputuNtNtB4_6marker4SyncNtB2N_4SendEL_EEB1T_"
    )
    assert demangle(hard)
    assert capsys.readouterr() == ("", "")
