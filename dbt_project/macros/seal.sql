{#-
  A path inside the vault is said by a macro of the engine, made anew at the start of every call: a
  source's place is fixed when the project is parsed, and the parsed project serves every vault.
-#}
{% macro name_vault() -%}
    {{ return(adapter.dispatch('name_vault')()) }}
{%- endmacro %}

{% macro duckdb__name_vault() -%}
    create or replace macro in_vault(path) as '{{ var("vault") | replace("'", "''") }}/' || path
{%- endmacro %}

{#-
  Close the engine into the vault before the first model runs. The order matters: the list of
  folders cannot be changed once access is closed, and nothing can be changed once it is locked.
-#}
{% macro seal_allow_vault() -%}
    {{ return(adapter.dispatch('seal_allow_vault')()) }}
{%- endmacro %}

{% macro duckdb__seal_allow_vault() -%}
    set allowed_directories = ['{{ var("vault") | replace("'", "''") }}']
{%- endmacro %}

{% macro seal_close_outside() -%}
    {{ return(adapter.dispatch('seal_close_outside')()) }}
{%- endmacro %}

{% macro duckdb__seal_close_outside() -%}
    set enable_external_access = false
{%- endmacro %}

{% macro seal_lock() -%}
    {{ return(adapter.dispatch('seal_lock')()) }}
{%- endmacro %}

{% macro duckdb__seal_lock() -%}
    set lock_configuration = true
{%- endmacro %}

{#-
  Spark has no such seal: an account of the operating system that sees the vault alone stands in its place, and
  the views of delivered files are made before dbt begins. So these say nothing.
-#}
{% macro spark__name_vault() -%}{%- endmacro %}

{% macro spark__seal_allow_vault() -%}{%- endmacro %}

{% macro spark__seal_close_outside() -%}{%- endmacro %}

{% macro spark__seal_lock() -%}{%- endmacro %}
