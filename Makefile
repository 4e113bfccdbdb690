# Shortcuts; each line may as well be typed.
.PHONY: serve test check lock

serve:
	pip install -e . && mkdocs serve

test:
	pip install -e '.[test]' && pytest -n auto --dist worksteal

check:
	.ci/run

lock: # needs uv
	printf 'hatchling\neditables\n' | uv pip compile pyproject.toml - --extra test --quiet \
		--universal --python-version 3.11 --fork-strategy fewest --generate-hashes \
		--no-emit-index-url --no-annotate --custom-compile-command 'make lock' \
		--output-file requirements.lock
