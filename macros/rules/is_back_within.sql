{#-
    Whether an emigrant came back within some years: NULL where the registers, or the life of the person, do not reach
    so far. On columns of the alias `departure`: exit_date, next_entry_date, observed_until, death_date.
-#}
{% macro is_back_within(years) -%}
    case
        when departure.next_entry_date <= departure.exit_date + interval {{ years }} year then true
        when
            departure.exit_date + interval {{ years }} year < departure.observed_until
            and coalesce(departure.death_date > departure.exit_date + interval {{ years }} year, true)
            then false
    end
{%- endmacro %}
