# The parts of CI. A part is a name, a heading, the programs that it needs (see need_* in run), and
# a function run_NAME, in which "-" of the name is "_". They run in the order in which they stand
# here; each runs alone as well: .ci/run NAME. To add a step, add it to a part or add a part.

part lint 'Style: ruff'
run_lint() { make lint; }

part types "Types: mypy --strict, pyright, users' programs" libatomic
run_types() { make types; }

part test 'Tests with the newest dependencies' openssl fish zsh
run_test() { # a new environment, in which pip has chosen the newest allowed releases
    RACE_SECONDS=10 tested test
    versions .venv
}

part packaging 'Packaging: wheel, sdist, clean installation'
run_packaging() { make packaging; }

part install 'Installation: every tool of docs/install.md, every block that installs something'
run_install() { tested install-matrix; }
apart install

part browser 'Browser: the demo in headless Chromium' chromium libatomic
run_browser() { tested browser; }

part docs 'Documentation: the site built strictly, read, and used in headless Chromium' \
    chromium libatomic
run_docs() { HIPFLASK_NO_SKIPS=1 tested docs-test; }

part storefront 'Storefront: the second example, on both backends and in Chromium' \
    chromium libatomic redis postgresql
run_storefront() { HIPFLASK_NO_SKIPS=1 tested storefront-test; }

part rooms 'Rooms: the chat, in Chromium and behind nginx' chromium libatomic redis nginx
run_rooms() { HIPFLASK_NO_SKIPS=1 tested rooms-test; }

part asgi 'ASGI: real servers, and all scenarios through the ASGI door' npm
run_asgi() { HIPFLASK_NO_SKIPS=1 tested asgi; }

part autobahn 'Autobahn: every frame of RFC 6455, on each server'
run_autobahn() {
    local candidate python2=
    for candidate in python2.7 "${PYENV_ROOT:-$HOME/.pyenv}"/versions/2.7.*/bin/python2.7; do
        if "$candidate" -m pip --version >/dev/null 2>&1; then python2=$candidate; fi
    done
    [ -n "$python2" ] || skip 'the Autobahn suite runs on Python 2.7, which is not installed'
    make .work/autobahn/.ready PYTHON2="$python2" || skip 'the Autobahn suite could not be installed'
    make autobahn PYTHON2="$python2"
}
apart autobahn

part typed-tools "Typed views: other people's validators, testers and client generators" npm
run_typed_tools() { HIPFLASK_NO_SKIPS=1 tested typed-tools; }

part deploy 'Deploy: guides carried out, containers, a cluster' \
    apache iproute nginx openssl postgresql redis systemd
run_deploy() { HIPFLASK_NO_SKIPS=1 tested deploy; }
beside deploy reliability

part reliability 'Reliability: load and faults' redis postgresql nginx
run_reliability() { tested reliability; }

part hostile 'Hostile input'
run_hostile() { make hostile; }

part sabotage 'Sabotage: fast paths broken on purpose turn tests red'
run_sabotage() { make sabotage; }

part mutation 'Mutation: a seeded sample of small faults'
run_mutation() {
    make mutation ARGS='--sample 30 --seed 1 --bound 0.75' # chance plays a part in so few
}
apart mutation

part audit 'Known vulnerabilities, bandit, bill of materials'
run_audit() {
    make audit
    make sbom
}

part extensions 'Extensions: published packages on this one' \
    chromium libatomic nginx postgresql redis
run_extensions() { HIPFLASK_NO_SKIPS=1 tested extensions; } # every server is there
beside extensions extensions-original

part extensions-original 'Extensions: the same tests on the original' \
    chromium libatomic nginx postgresql redis
run_extensions_original() { # proof that the tests hold the packages, and not habits of ours
    HIPFLASK_NO_SKIPS=1 tested extensions-original
}

part differential 'Differential: records against the live original'
run_differential() { make differential; }

part jinja "Jinja: its own tests on our templates, for each release"
run_jinja() { make jinja; }
apart jinja

part instructions 'Instructions: key requests within 5% of the record' valgrind
run_instructions() { make instructions; }

part additions 'Benchmarks: customised and extended applications answer as on the original'
run_additions() { make bench-additions ARGS=--quick; }
apart additions

part lowest 'Lowest dependencies: tests' openssl
run_lowest() {
    # The records are answers that the original gave with the newest libraries; the old Werkzeug
    # itself fails over some odd Host headers, and over numbers of thousands of digits.
    local apart='--ignore=tests/differential --ignore=tests/hostile/test_cases.py' odd
    apart+=' --ignore=tests/asgi/test_asgi_replay.py'
    for odd in test_odd_header_is_answered test_odd_request_target_is_answered; do
        apart+=" --deselect=tests/serving/test_serving_bad_input.py::$odd"
    done
    tested_with="$apart" tested test VENV=.venv-lowest PIP_FLAGS='--constraint .ci/lowest.txt'
    versions .venv-lowest
}

part lowest-live 'Lowest dependencies: compared with the live original'
apart lowest-live
run_lowest_live() {
    make VENV=.venv-lowest PIP_FLAGS='--constraint .ci/lowest.txt' .venv-lowest/.test
    make VENV=.venv-lowest-original .venv-lowest-original/.created
    # Not the lowest asgiref: with that, coroutine functions fail on the original.
    grep -v asgiref .ci/lowest.txt >.venv-lowest-original/lowest.txt
    .venv-lowest-original/bin/python -m pip install --quiet 'flask[async,dotenv]==3.1.3' \
        cryptography --constraint .venv-lowest-original/lowest.txt
    .venv-lowest/bin/python .ci/compare_live.py .venv-lowest-original/bin/python
}

for version in 3.11 3.12 3.13; do
    part "python$version" "Tests under CPython $version" openssl
done
run_python3.11() { under_python 3.11; }
run_python3.12() { under_python 3.12; }
run_python3.13() { under_python 3.13; }

under_python() { # under_python VERSION
    local python
    python=$(interpreter "$1")
    if [ -z "$python" ]; then
        skip 'no such interpreter on this machine'
    elif is_wanted test && .venv/bin/python --version | grep -q "Python $1\."; then
        skip "the part 'test' ran under it"
    else
        tested test VENV=".venv-$1" PYTHON="$python"
    fi
}

